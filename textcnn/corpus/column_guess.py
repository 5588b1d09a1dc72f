"""Which column is the text and which the label, where nobody says so: by names and values together.

The values must fit: texts are mostly different and have several words, labels are short and come again. Of the columns
that fit, the one whose name says most is taken (column_names.py). A *rival* is another one that fits. In doubt an error
lists the rivals, which is when

- the name of the rival says as much, or more, or neither has a name that is known;
- the name is only possible, as `title` or `category` are;
- the name is usual, and the rival a category beside a sentiment, or more than twice as long as the text;
- the rival fits, and the column that is named does not.

A text of no known name that is eight times shorter raises no doubt. Where there is none, the rival is named in the line
that says what was read.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from textcnn.corpus.column_names import (
    POSSIBLE,
    SPLIT_NAMES,
    SURE,
    UNKNOWN,
    USUAL,
    Rank,
    label_rank,
    means_other,
    text_rank,
)
from textcnn.corpus.column_table import ColumnTable
from textcnn.corpus.sniffing import (
    are_flags,
    are_parts,
    are_whole_numbers,
    can_be_labels,
    has_words,
    is_label_like,
    is_text_like,
    mostly_filled,
    names_part,
    usual_length,
)
from textcnn.errors import ColumnError

__all__ = ["ColumnChoice", "flag_columns", "guess_label", "guess_text", "split_column"]

_MUCH_LONGER = 8
_FEW_KINDS = 20  # labels, which may have a rival with fewer or more
_NAMED = 6  # rivals in a message that lists all columns anyway


class ColumnChoice(NamedTuple):
    """Columns, how they were found, and which others it could have been."""

    places: tuple[int, ...]
    by: str  # "as told", "as in training", "by name", "by content" or "the only one left"
    rivals: tuple[int, ...] = ()
    absent: tuple[str, ...] = ()  # columns that a model learned from, and that are not there


class _Candidate(NamedTuple):
    """A column that may be what is looked for."""

    at: int
    rank: Rank
    fits: bool
    strange: int  # whether the name says something else: 1 the text, or the label; 2 neither
    length: int  # of a usual value, in characters
    kinds: int  # how many different values it has

    @property
    def level(self) -> int:
        return self.rank.level


def guess_label(table: ColumnTable, taken: Collection[int]) -> ColumnChoice:
    """The column of labels among those that are not taken.

    Raises:
        ColumnError: it is in doubt.
    """
    candidates = _worthy([_as_label(table, at) for at in _free(table, taken)])
    if not candidates:
        raise _doubt(table, "label")
    best = max(candidates, key=lambda each: (each.fits, each.rank))
    if not best.level and best.at in flag_columns(table):
        raise _doubt(table, "label")
    rivals = [each for each in candidates if each is not best and _is_label_rival(best, each)]
    return _decided(table, "label", best, rivals, _doubts_label)


def guess_text(table: ColumnTable, taken: Collection[int], *, alone: bool) -> ColumnChoice:
    """The column of texts among those that are not taken; the only one that is left, if being `alone` is enough.

    Raises:
        ColumnError: it is in doubt.
    """
    candidates = _worthy([_as_text(table, at) for at in _free(table, taken)])
    if not candidates:
        return ColumnChoice((_left(table, taken, alone=alone),), "the only one left")
    best = max(candidates, key=lambda each: (each.fits, each.rank, each.length))
    rivals = [each for each in candidates if each is not best and _is_text_rival(best, each)]
    return _decided(table, "text", best, rivals, _doubts_text)


def split_column(table: ColumnTable, taken: Collection[int]) -> int | None:
    """The column that says to which part of a corpus, such as train and test, each text belongs; None without one."""
    return next((at for at in _free(table, taken) if _is_split(table.names[at], table.values[at])), None)


def flag_columns(table: ColumnTable) -> list[int]:
    """The longest run of two or more columns of zeros and ones that stand side by side."""
    runs: list[list[int]] = [[]]
    for at, values in enumerate(table.values):
        if are_flags(values) and not _is_split(table.names[at], values):
            runs[-1].append(at)
        elif runs[-1]:
            runs.append([])
    longest = max(runs, key=len)
    return longest if len(longest) > 1 else []


def _is_split(name: str, values: Sequence[str]) -> bool:
    if name.strip().casefold().rpartition("_")[2] in SPLIT_NAMES and is_label_like(values):
        return are_parts(values) or are_whole_numbers(values)
    return are_parts(values) or (names_part(name) and are_flags(values))


def _as_label(table: ColumnTable, at: int) -> _Candidate:
    name, values = table.names[at], table.values[at]
    rank = label_rank(name, numbers=are_whole_numbers(values))
    fits = can_be_labels(values) if rank.level else is_label_like(values) and not _is_split(name, values)
    strange = 2 if means_other(name) else int(text_rank(name).level > UNKNOWN)
    return _Candidate(at, rank, fits, strange, usual_length(values), len(set(values)))


def _as_text(table: ColumnTable, at: int) -> _Candidate:
    name, values = table.names[at], table.values[at]
    fits = is_text_like(values) and mostly_filled(values)
    strange = 2 if means_other(name) else int(label_rank(name).level > UNKNOWN)
    return _Candidate(at, text_rank(name), fits, strange, usual_length(values), len(set(values)))


def _free(table: ColumnTable, taken: Collection[int]) -> list[int]:
    return [at for at in range(len(table.names)) if at not in taken]


def _worthy(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Those that have a name or fit; of the others the least strange; without empty ones, unless all are."""
    worthy = [each for each in candidates if each.fits or each.level]
    worthy = list(filter(lambda each: each.length, worthy)) or worthy
    strange = min((0 if each.level else each.strange for each in worthy), default=0)
    return [each for each in worthy if each.level or each.strange <= strange]


def _decided(
    table: ColumnTable,
    what: str,
    best: _Candidate,
    rivals: Sequence[_Candidate],
    doubts: Callable[[_Candidate, _Candidate], bool],
) -> ColumnChoice:
    if best.level:
        folded = [name.casefold() for name in table.names]
        table.only(folded, folded[best.at], f"{what}-column")
    if doubtful := [rival for rival in rivals if doubts(best, rival)]:
        raise _doubt(table, what, [best, *doubtful])
    return ColumnChoice((best.at,), "by name" if best.level else "by content", tuple(rival.at for rival in rivals))


def _is_label_rival(best: _Candidate, other: _Candidate) -> bool:
    """Named ones are; others unless the name is sure, or they have many more values than labels that are named."""
    if other.level:
        return other.fits == best.fits or other.level > best.level
    return other.fits and (not best.level or (best.level < SURE and other.kinds <= max(_FEW_KINDS, 2 * best.kinds)))


def _doubts_label(best: _Candidate, rival: _Candidate) -> bool:
    return _doubts(best, rival) or (best.level == USUAL and rival.level == POSSIBLE)


def _is_text_rival(best: _Candidate, other: _Candidate) -> bool:
    """Named ones are; others unless the name is sure."""
    if other.level:
        return other.fits == best.fits or other.level > best.level
    return other.fits and best.level < SURE


def _doubts_text(best: _Candidate, rival: _Candidate) -> bool:
    if not rival.level and _MUCH_LONGER * rival.length < best.length:
        return False
    return _doubts(best, rival) or (best.level == USUAL and rival.length > 2 * best.length)


def _doubts(best: _Candidate, rival: _Candidate) -> bool:
    if rival.fits < best.fits:
        return best.level <= POSSIBLE < rival.level
    return rival.rank >= best.rank or best.level == POSSIBLE


def _left(table: ColumnTable, taken: Collection[int], *, alone: bool) -> int:
    """The only column that is not taken, or the only one of words, leaving out those whose names say something else."""
    free = _free(table, taken)
    if len(free) == 1 and alone:
        return free[0]
    left = [at for at in free if has_words(table.values[at])]
    for says_other in (lambda name: bool(label_rank(name).level), means_other):
        left = left if len(left) < 2 else [at for at in left if not says_other(table.names[at])]
    if len(left) != 1:
        raise _doubt(table, "text")
    return left[0]


def _doubt(table: ColumnTable, what: str, rivals: Sequence[_Candidate] = ()) -> ColumnError:
    names = [f'"{table.names[each.at]}"' for each in sorted(rivals)]
    between = f": {', '.join(names[:-1])} or {names[-1]}" if 0 < len(names) <= _NAMED else ""
    hint = _flags_hint(table) if what == "label" else ""
    return ColumnError(
        f"{table.source}: cannot tell which {table.kind} is the {what}{between}; {table.advice(f'{what}-column')}{hint}"
    )


def _flags_hint(table: ColumnTable) -> str:
    names = [table.names[at] for at in flag_columns(table)]
    if not names:
        return ""
    from shlex import quote

    listed = quote(",".join(names)) if not any("," in name for name in names) else "NAME --label-column NAME ..."
    return f"; {len(names)} {table.kind}s of 0 and 1 stand side by side: if each is a label, --label-column {listed}"
