"""Which rows of a table are read: those with certain values in a column, such as `split=train`.

Rows that are left out are counted, and their labels are never looked at. A column that tells train from test, which
nobody asked about, is watched: whoever learns from both parts should know.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from shlex import quote

from textcnn.corpus.columns import Columns
from textcnn.corpus.record import scalar_text
from textcnn.errors import ColumnError, ReadError

__all__ = ["RowChoice", "refuse_rows"]

_SHOWN = 6
_MOST_VALUES = 1000  # of a column that are counted
_LEARNED = ("train", "training")


def refuse_rows(rows: Mapping[str, Collection[str]] | None, source: str, kind: str) -> None:
    """Raise if rows are to be chosen where there are no columns."""
    if rows:
        raise ColumnError(f"{source}: --rows chooses by a column, but {kind} have none")


class RowChoice:
    """Decides row by row, and knows at the end what there is to say."""

    def __init__(self, columns: Columns, source: str) -> None:
        self._names, self._source = columns.names, source
        self._wanted = dict(columns.rows_at)
        self._split_at = None if columns.split_at in self._wanted else columns.split_at
        watched = [*self._wanted] if self._split_at is None else [*self._wanted, self._split_at]
        self._seen: dict[int, Counter[str]] = {at: Counter() for at in watched}
        self._rows = self._taken = 0

    def takes(self, cell: Callable[[int], object]) -> bool:
        """Whether a row is read whose cell in each place this tells."""
        if not self._seen:
            return True
        values = {at: (scalar_text(cell(at)) or "").strip() for at in self._seen}
        for at, value in values.items():
            if len(self._seen[at]) < _MOST_VALUES or value in self._seen[at] or value in self._wanted.get(at, ()):
                self._seen[at][value] += 1
        taken = all(values[at] in wanted for at, wanted in self._wanted.items())
        self._rows += 1
        self._taken += taken
        return taken

    def end(self) -> list[str]:
        """What there is to say.

        Raises:
            ReadError: a value never came, or no row has all that is wanted.
        """
        for at, wanted in self._wanted.items():
            missing = next((value for value in wanted if value not in self._seen[at]), None)
            if missing is not None and self._rows:
                raise ReadError(
                    f'{self._source}: no row has {missing!r} in "{self._names[at]}", which has {self._counted(at)}'
                )
        if self._rows and not self._taken:
            raise ReadError(f"{self._source}: no row has all that --rows wants")
        return [*self._left_out(), *self._split()]

    def _left_out(self) -> list[str]:
        if not self._wanted:
            return []
        wanted = " and ".join(f'"{self._names[at]}" {" or ".join(values)}' for at, values in self._wanted.items())
        return [f"{self._taken:,} of {self._rows:,} rows are read, those with {wanted}"]

    def _split(self) -> list[str]:
        if self._split_at is None or len(self._seen[self._split_at]) < 2:
            return []
        name, seen = self._names[self._split_at], self._seen[self._split_at]
        value = next((each for each in seen if each.casefold() in _LEARNED), seen.most_common(1)[0][0])
        has = self._counted(self._split_at)
        return [f'"{name}" has {has}, and all are read; those of one: --rows {quote(f"{name}={value}")}']

    def _counted(self, at: int) -> str:
        seen = self._seen[at].most_common()
        shown = ", ".join(f"{value or 'nothing'} ({count:,})" for value, count in seen[:_SHOWN])
        return f"{shown} ..." if len(seen) > _SHOWN else shown
