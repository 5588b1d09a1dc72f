"""Soft labels: how probable each label of a text is, as `predict --format jsonl` writes it under `probabilities`.

    {"label": "spam", "probabilities": {"spam": 0.8, "ham": 0.2}, "text": "win a prize"}

They are what is learned from; the label is what answers are counted against. Without a `label` it is the likeliest one,
or, where texts can have several, all that are as likely as not. Labels that an object leaves out have probability 0.
Columns of Arrow hold such objects as structures, in which a field that is null is left out, or as maps.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from textcnn.corpus.json_objects import Item
from textcnn.corpus.record import BadRow, Record, Unlabelled, bad_row
from textcnn.errors import DataError

__all__ = ["KEY", "fitting_labels", "normalised", "of_columns", "softly_labelled", "with_likeliest"]

KEY = "probabilities"
TOLERANCE = 0.01  # how far from 1 the sum over labels that exclude each other may be: answers are rounded
_HALF = 0.5
_INSTEAD = ("read as the likeliest one", "left out")  # where texts can have several labels

_Row = Record | BadRow | Unlabelled


def with_likeliest(items: Iterable[Item | BadRow], key: str, *, several: bool) -> Iterator[Item | BadRow]:
    """The same objects; one that has soft labels, but nothing under `key`, has the likeliest label there."""
    for item in items:
        soft = None if isinstance(item, BadRow) else item.values.get(KEY)
        if isinstance(item, BadRow) or not soft or not isinstance(soft, Mapping) or item.values.get(key) is not None:
            yield item
        else:
            yield item._replace(values={**item.values, key: _likely(soft, several=several)})


def of_columns(items: Iterable[Item]) -> Iterator[Item]:
    """Rows of Arrow with an object under `probabilities`, if that is a structure or a map there."""
    for item in items:
        value = _as_object(item.values.get(KEY))
        if value is None:
            yield item
        else:
            soft = {label: each for label, each in value.items() if each is not None}
            yield item._replace(values={**item.values, KEY: soft or None})


def _as_object(value: object) -> Mapping[str, object] | None:
    """A structure; or a map, which is a list of pairs."""
    if isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        return {str(label): each for label, each in value}
    return value if isinstance(value, Mapping) else None


def _likely(soft: Mapping[str, object], *, several: bool) -> str | list[str]:
    values = {label: value if isinstance(value, int | float) else -1 for label, value in soft.items()}
    return (
        [label for label, value in values.items() if value >= _HALF] if several else max(values, key=values.__getitem__)
    )


def softly_labelled(rows: Iterable[_Row], source: str) -> Iterator[_Row]:
    """The same with their soft labels, if they have any; wrong ones make bad rows.

    What is under `probabilities` may be something else, if it is so in all rows: anything but an object.
    """
    first: tuple[bool, int] | None = None  # whether it is an object in the first row that has it, and where that is
    for row in rows:
        value = None if isinstance(row, BadRow) else _value(row)
        if isinstance(row, BadRow) or value is None:
            yield row
            continue
        first = first or (isinstance(value, Mapping), _record(row).line)
        yield _with(row, value, first, source)


def _record(row: Record | Unlabelled) -> Record:
    return row.record if isinstance(row, Unlabelled) else row


def _value(row: Record | Unlabelled) -> object:
    return next((value for name, value in _record(row).fields if name == KEY), None)


def _with(row: Record | Unlabelled, value: object, first: tuple[bool, int], source: str) -> _Row:
    record, is_object = _record(row), isinstance(value, Mapping)
    if is_object != first[0]:
        kind = "an object" if is_object else "no object"
        return bad_row(source, record.line, f'"{KEY}" is {kind}, unlike that of line {first[1]}')
    if not isinstance(value, Mapping):
        return row
    if problem := _problem(value):
        return bad_row(source, record.line, f'"{KEY}" {problem}')
    record = record._replace(probabilities={label: float(each) for label, each in value.items()})
    return row._replace(record=record) if isinstance(row, Unlabelled) else record


def _problem(value: Mapping[str, object]) -> str:
    """What is wrong with soft labels, if anything is."""
    for label, each in value.items():
        if not _is_probability(each):
            shown = "null" if each is None else repr(each)[:40]
            return f"has {shown} for {label!r}, where a number from 0 to 1 is needed"
    return "" if value else "holds an empty object"


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def normalised(record: Record, *, several: bool) -> Record | BadRow:
    """The same; probabilities of labels that exclude each other add up to 1, or are so far from it that it is wrong."""
    if record.probabilities is None or several:
        return record
    total = sum(record.probabilities.values())
    if abs(total - 1) > TOLERANCE:
        problem = f'{record.source}:{record.line}: the numbers in "{KEY}" add up to {total:.4g}, where 1 is needed'
        advice = (
            "give all labels (predict without --top), or leave such rows out with --skip-bad-rows; if texts may have "
            "several labels or none, say --labels-per-text several"
        )
        return BadRow(record.line, problem, advice)
    return record._replace(probabilities={label: each / total for label, each in record.probabilities.items()})


def fitting_labels(
    records: Sequence[Record], labels: Sequence[tuple[str, ...]], *, several: bool, notes: list[str]
) -> list[tuple[str, ...]]:
    """Labels that are among those with a probability: `unknown`, which an answer can be, is not.

    Raises:
        DataError: none is: then the probabilities are of something else.
    """
    rows = list(zip(records, labels, strict=True))
    names = {label for record, own in rows for label in record.probabilities or own}
    pairs = [row for row in rows if row[0].probabilities]
    strange = [f"{_place(record)}: {own[0]!r}" for record, own in pairs if not names.issuperset(own)]
    if strange:
        _refuse_others(strange, pairs, names)
        which = f"in {len(strange)} of {len(pairs)} texts; the first: {strange[0]}"
        notes.append(f"labels without a probability are {_INSTEAD[several]} {which}")
    return [_fitting(own, names, record, several=several) for record, own in rows]


def _refuse_others(strange: Sequence[str], pairs: Sequence[object], names: Collection[str]) -> None:
    if len(strange) == len(pairs):
        known = ", ".join(map(repr, sorted(names)[:5]))
        advice = "call that key something else if it is not about labels"
        raise DataError(f'{strange[0]} is the label, but none of those in "{KEY}": {known}; {advice}')


def _place(record: Record) -> str:
    return f"{record.source}:{record.line}"


def _fitting(own: tuple[str, ...], names: Collection[str], record: Record, *, several: bool) -> tuple[str, ...]:
    """The labels, if all are known by these names; else those that are, or, of labels that exclude each other, one."""
    kept = tuple(label for label in own if label in names)
    return kept if several or len(kept) == len(own) else (_likeliest(record.probabilities or {}),)


def _likeliest(soft: Mapping[str, float]) -> str:
    return max(soft, key=soft.__getitem__)
