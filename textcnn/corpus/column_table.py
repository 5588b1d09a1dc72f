"""Named columns of values: which one is asked for, and how a message lists them all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from textcnn.corpus.record import Reading, Told
from textcnn.errors import ColumnError

__all__ = ["ColumnTable", "asked_for", "only_rows", "rows_at", "short", "told_parts", "wishes"]

_SHOWN = 20


class ColumnTable(NamedTuple):
    """Named columns of values, as far as they have been looked at."""

    source: str
    names: tuple[str, ...]
    values: tuple[list[str], ...]
    kind: str = "column"

    def named(self, places: Iterable[int]) -> tuple[str, ...]:
        """The names of the columns at these places."""
        return tuple(self.names[at] for at in places)

    def places(self, told: Told, option: str) -> tuple[int, ...]:
        """The places of columns that were asked for. A name may hold commas; else these stand between names.

        Raises:
            ColumnError: there is no such column, or several are called so, or one is asked for twice.
        """
        places = tuple(place for wish in wishes(told) for place in self._places(wish, option))
        twice = next((place for place in places if places.count(place) > 1), None)
        if twice is not None:
            raise ColumnError(f'{self.source}: --{option} names "{self.names[twice]}" twice')
        return places

    def _places(self, wish: str | int, option: str) -> list[int]:
        """Of one that is called so, else of all that are between commas."""
        place = self._place(wish, option)
        if place is not None:
            return [place]
        places = []
        for part in told_parts(wish):
            if (place := self._place(part, option)) is None:
                raise ColumnError(f'{self.source}: there is no {self.kind} "{short(part)}"; {self.advice(option)}')
            places.append(place)
        return places

    def _place(self, told: str | int, option: str) -> int | None:
        """The place of a column by its name or its number; None if there is none."""
        wanted = str(told).strip()
        if isinstance(told, str) and (place := self.called(wanted, option)) is not None:
            return place
        # No more digits than a place can have: int() refuses thousands of them with an error of its own.
        if wanted.isdecimal() and len(wanted) < 10 and 1 <= int(wanted) <= len(self.names):
            return int(wanted) - 1
        return None

    def called(self, name: str, option: str) -> int | None:
        """The place of the column of this name, or of this one in other case; None if there is none.

        Raises:
            ColumnError: several are called so.
        """
        folded = [each.casefold() for each in self.names]
        for names, wanted in ((list(self.names), name), (folded, name.casefold())):
            if wanted in names:
                return self.only(names, wanted, option)
        return None

    def only(self, names: Sequence[str], name: str, option: str) -> int:
        """The place of the only one of `names` that is `name`."""
        if names.count(name) > 1:
            raise ColumnError(
                f'{self.source}: {names.count(name)} {self.kind}s are called "{name}"; {self.advice(option)}'
            )
        return names.index(name)

    def advice(self, option: str) -> str:
        """All columns with an example each, and the option that chooses among them."""
        shown = [self.example(at) for at in range(min(len(self.names), _SHOWN))]
        more = f", and {len(self.names) - _SHOWN} more" if len(self.names) > _SHOWN else ""
        several = "; several are joined: give it again" if option == "text-column" else ""
        chosen = "" if option == "rows" else f"; choose with --{option} NAME|NUMBER{several}"
        return f"the {self.kind}s are {', '.join(shown) or 'none'}{more}{chosen}"

    def example(self, at: int) -> str:
        """The number and name of a column, and one of its values."""
        value = next((value for value in self.values[at] if value.strip()), None)
        example = f" (such as {short(value)!r})" if value is not None else ""
        return f'{at + 1} "{short(self.names[at])}"{example}'


def rows_at(table: ColumnTable, rows: Mapping[str, Collection[str]] | None) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Places of columns, and the values of the rows that are read.

    Raises:
        ColumnError: there is no such column.
    """
    wanted: dict[int, tuple[str, ...]] = {}
    for name, values in (rows or {}).items():
        for at in table.places(name, "rows"):
            wanted[at] = (*wanted.get(at, ()), *_values(values))
    return tuple(wanted.items())


def _values(told: Collection[str]) -> tuple[str, ...]:
    return tuple(value.strip() for value in ([told] if isinstance(told, str) else told))


def only_rows(table: ColumnTable, wanted: Sequence[tuple[int, tuple[str, ...]]]) -> ColumnTable:
    """The table with the rows alone that are read; with all if none of these is."""
    rows = range(len(table.values[0]))
    kept = [row for row in rows if all(table.values[at][row].strip() in values for at, values in wanted)]
    return table._replace(values=tuple([column[row] for row in kept] for column in table.values)) if kept else table


def told_parts(wish: str | int) -> list[str]:
    """The names between commas."""
    return [part.strip() for part in str(wish).split(",")]


def wishes(told: Told) -> tuple[str | int, ...]:
    """What was told, one by one."""
    if told is None:
        return ()
    return (told,) if isinstance(told, str | int) else tuple(told)


def short(value: str) -> str:
    """A value on one line, in at most 40 characters."""
    value = " ".join(value.split())
    return value if len(value) <= 40 else value[:37] + "..."


def asked_for(reading: Reading) -> list[str]:
    """The names that were asked for. One may hold commas, or these stand between names."""
    told = (*wishes(reading.text_column), *wishes(reading.label_column), *wishes(reading.weight_column))
    names = [wish for wish in (*told, *(reading.rows or ())) if isinstance(wish, str)]
    return [part for name in names for part in (name, *told_parts(name))]
