"""Whether a first row heads the columns, and whether it leaves anything about them to be found out."""

from collections.abc import Callable, Sequence

from textcnn.corpus.column_names import POSSIBLE, Rank, label_rank, text_rank
from textcnn.corpus.column_table import asked_for, told_parts
from textcnn.corpus.record import Reading
from textcnn.corpus.sniffing import header_by_content, looks_like_name
from textcnn.errors import ColumnError

__all__ = ["find_header", "has_learned", "heads_columns", "names_decide", "told_columns", "transposed"]


def heads_columns(first: Sequence[str], *, labelled: bool) -> bool:
    """Whether the first row alone shows that it is a header and which columns it names."""
    text, label = _known(first, text_rank), _known(first, label_rank)
    if text and label:
        return True
    return bool(text) and not labelled and all(map(looks_like_name, first))


def names_decide(first: Sequence[str], *, labelled: bool) -> bool:
    """Whether the first row alone, which heads the columns, leaves no doubt for the values to settle.

    Whoever wants answers, not labels, may wait for them; then names that are possible are enough.
    """
    if not heads_columns(first, labelled=labelled):
        return False
    texts, labels = ([rank(cell).level for cell in first if rank(cell).level] for rank in (text_rank, label_rank))
    return not labelled or (len(labels) == 1 and sum(level > POSSIBLE for level in texts) == 1 and labels[0] > POSSIBLE)


def told_columns(reading: Reading, *, labelled: bool) -> bool:
    """Whether nothing about the columns is left to be found out."""
    return reading.text_column is not None and (reading.label_column is not None or not labelled)


def has_learned(first: Sequence[str], reading: Reading, *, labelled: bool) -> bool:
    """Whether the first row names all columns that a model learned from, those of labels if they are wanted."""
    learned = reading.learned
    wanted = learned.texts + (learned.labels if labelled else ())
    return bool(learned.texts) and {_fold(name) for name in wanted} <= {_fold(cell) for cell in first}


def find_header(rows: Sequence[Sequence[str]], *, reading: Reading, source: str) -> bool:
    """Whether the first of these rows is a header.

    Raises:
        ColumnError: it cannot be told.
    """
    if reading.header is not None:
        return reading.header
    first = rows[0]
    if _is_asked_for(first, reading) or _names_both(first, reading):
        return True
    by_content = header_by_content(first, transposed(rows[1:], len(first)))
    if by_content is not None:
        return by_content
    if _names_one(first, reading) and all(map(looks_like_name, first)):
        return True
    if len(first) > 1:
        raise ColumnError(
            f"{source}: cannot tell whether its first row is a header; say --header or --no-header, or --skip-lines N "
            "if lines stand above it"
        )
    return False


def _is_asked_for(first: Sequence[str], reading: Reading) -> bool:
    """Whether the first row has the name of a column that was asked for, or must have, since it is no number."""
    asked = asked_for(reading)
    numbers = (part.isdecimal() for wish in asked for part in told_parts(wish))
    return any(_fold(name) in map(_fold, first) for name in asked) or not all(numbers)


def _names_both(first: Sequence[str], reading: Reading) -> bool:
    """Whether the first row has known names of a text and a label, or all those of the text that a model learned."""
    return has_learned(first, reading, labelled=False) or (_known(first, text_rank) and _known(first, label_rank))


def _names_one(first: Sequence[str], reading: Reading) -> bool:
    """Whether the first row has a known name, or one that a model learned."""
    if _known(first, text_rank) or _known(first, label_rank):
        return True
    learned = {*map(_fold, reading.learned.texts), *map(_fold, reading.learned.labels)}
    return not learned.isdisjoint(map(_fold, first))


def transposed(rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], ...]:
    """The columns of the rows that have so many cells."""
    fitting = [row for row in rows if len(row) == width]
    return tuple([row[at] for row in fitting] for at in range(width))


def _known(cells: Sequence[str], rank: Callable[[str], Rank]) -> bool:
    """Whether a cell is a known name, or a word such as `comment_text` that ends in one."""
    return any(
        ranked.level and (ranked.whole or cell.strip().isidentifier()) for cell in cells for ranked in [rank(cell)]
    )


def _fold(cell: str) -> str:
    return cell.strip().casefold()
