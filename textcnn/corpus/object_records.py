"""JSON objects to records: a key, or a dotted path to what nested objects hold, is what a column is in a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from textcnn.corpus.annotations import Export, find_export, refuse_spans
from textcnn.corpus.column_names import label_rank
from textcnn.corpus.column_table import asked_for
from textcnn.corpus.columns import Columns, choose_keys
from textcnn.corpus.header import has_learned, names_decide, told_columns
from textcnn.corpus.joined import read_labels, read_text
from textcnn.corpus.json_objects import Item, read_array, read_objects
from textcnn.corpus.label_fields import LabelFields
from textcnn.corpus.lines import Lines
from textcnn.corpus.opened import LOOK, LOOK_CHARACTERS, Opened, no_rows
from textcnn.corpus.paths import MISSING, flattened, refuse_wrapped, value_at, without
from textcnn.corpus.record import (
    BadRow,
    Reading,
    Record,
    Told,
    Unlabelled,
    bad_row,
    scalar_text,
    unlabelled,
)
from textcnn.corpus.row_choice import RowChoice
from textcnn.corpus.soft_labels import KEY, with_likeliest
from textcnn.errors import ColumnError

__all__ = ["open_columns", "open_objects"]

_CELLS = 2_000_000  # keys times objects that are looked at, where each object has keys of its own, though
_FEWEST = 20  # objects


def open_objects(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    """The records of JSON lines, or of one array of objects; exports of annotation tools as plain objects."""
    ahead, items = _look_at_array(lines) if form == "json" else _look_at_lines(lines, reading, labelled)
    if not ahead:
        return Opened(None, no_rows(items), [])
    notes: list[str] = []
    export = find_export(ahead, label=_known_label(ahead, reading), labelled=labelled, source=lines.source)
    if export:
        notes.append(f"an export of {export.name}")
        ahead, items = export.shown(ahead), export.read(items, lines.source, notes)
    if labelled and reading.soft_labels:
        ahead, items = _with_likeliest(ahead, items, reading)
    objects = [item.values for item in ahead]
    columns = _choose(objects, export, reading, labelled, lines.source)
    return _opened(objects, items, columns, reading, lines.source, notes)


def _with_likeliest(
    ahead: Sequence[Item], items: Iterator[Item | BadRow], reading: Reading
) -> tuple[Sequence[Item], Iterator[Item | BadRow]]:
    """The same, with a label in all objects that have soft labels alone; not where another key seems to have it."""
    told = reading.label_column
    names = set(chain.from_iterable(item.values for item in ahead)) - {KEY}
    if not isinstance(told, str) and "label" not in names and any(label_rank(name).level for name in names):
        return ahead, items
    key = told if isinstance(told, str) else "label"
    filled = partial(with_likeliest, key=key, several=reading.several)
    return [item for item in filled(ahead) if isinstance(item, Item)], filled(items)


def open_columns(ahead: Sequence[Item], items: Iterator[Item], reading: Reading, labelled: bool, source: str) -> Opened:
    """The records of rows whose values have the names of their columns; the first of them decide about columns."""
    if not ahead:
        return Opened(None, no_rows(items), [])
    rows: Iterator[Item | BadRow] = iter(items)
    if labelled and reading.soft_labels:
        ahead, rows = _with_likeliest(ahead, rows, reading)
    objects = [item.values for item in ahead]
    return _opened(objects, rows, _keys_of(objects, reading, labelled, source, "column"), reading, source, [])


def _opened(
    objects: Sequence[Mapping[str, object]],
    items: Iterator[Item | BadRow],
    columns: Columns,
    reading: Reading,
    source: str,
    notes: list[str],
) -> Opened:
    fields = LabelFields(reading.label_separator, _label_fields(objects, columns, source))
    return Opened(columns, _object_records(items, columns, source, fields, notes), notes)


def _known_label(ahead: Sequence[Item], reading: Reading) -> Told:
    """The keys of the labels as told, or the one that a model learned from, if the objects have it."""
    learned = reading.learned.labels
    if reading.label_column is None and len(learned) == 1 and any(learned[0] in item.values for item in ahead):
        return learned
    return reading.label_column


def _look_at_array(lines: Lines) -> tuple[Sequence[Item], Iterator[Item | BadRow]]:
    """The first objects, and all."""
    whole = list(read_array(lines, source=lines.source))
    return whole[:LOOK], iter(whole)


def _look_at_lines(lines: Lines, reading: Reading, labelled: bool) -> tuple[Sequence[Item], Iterator[Item | BadRow]]:
    """The first objects, and all."""
    seen = read_objects(_lines_ahead(lines, reading, labelled), source=lines.source)
    ahead = [item for item in seen if not isinstance(item, BadRow)]
    return ahead, read_objects(lines, source=lines.source, begin=lines.number + 1)


def _lines_ahead(lines: Lines, reading: Reading, labelled: bool) -> list[str]:
    """The lines to judge by; on a pipe the first alone, if its keys say enough."""
    if lines.live and (first := lines.look_filled()):
        item = next(read_objects([first], source=lines.source))
        if not isinstance(item, BadRow) and _says_enough(item.values, reading, labelled):
            return [first]
    return lines.look(LOOK, characters=LOOK_CHARACTERS)


def _says_enough(values: Mapping[str, object], reading: Reading, labelled: bool) -> bool:
    if told_columns(reading, labelled=labelled) or names_decide(list(values), labelled=labelled):
        return True
    (flat,) = flattened([values], _paths(reading))
    return has_learned(list(flat), reading, labelled=labelled)


def _paths(reading: Reading) -> list[str]:
    """What may be a path among the names of columns."""
    return [*asked_for(reading), *reading.learned.texts, *reading.learned.labels]


def _choose(
    objects: Sequence[Mapping[str, object]], export: Export | None, reading: Reading, labelled: bool, source: str
) -> Columns:
    """The keys of the text and the labels, or the paths to them; of an export the key where it has the labels."""
    if export is None or export.label is None or reading.label_column is not None:
        return _keys_of(objects, reading, labelled, source)
    columns = _keys_of(objects, reading._replace(label_column=export.label), labelled, source)
    absent = tuple(name for name in reading.learned.labels if name not in columns.names)
    return columns._replace(label_by="as annotated", label_absent=absent)


def _keys_of(
    objects: Sequence[Mapping[str, object]], reading: Reading, labelled: bool, source: str, kind: str = "key"
) -> Columns:
    names = len(set(chain.from_iterable(objects)))
    objects = objects[: max(_CELLS // max(names, 1), _FEWEST)]
    flat = flattened(objects, _paths(reading))
    shown = [{key: _shown(value) for key, value in values.items()} for values in flat]
    try:
        return choose_keys(shown, reading=reading, labelled=labelled, source=source, kind=kind)
    except ColumnError:
        if len(objects) == 1 and kind == "key":
            refuse_wrapped(objects[0], source)
        raise


def _label_fields(objects: Sequence[Mapping[str, object]], columns: Columns, source: str) -> list[object]:
    """The labels of these objects, as they are written, if one key has them all."""
    if columns.label is None or len(columns.labels) > 1:
        return []
    values = [value for each in objects if (value := value_at(each, columns.label)) is not MISSING]
    refuse_spans(values, columns.label, source)
    return values


def _object_records(
    items: Iterable[Item | BadRow], columns: Columns, source: str, fields: LabelFields, notes: list[str]
) -> Iterator[Record | BadRow | Unlabelled]:
    choice = RowChoice(columns, source)
    for item in items:
        if isinstance(item, BadRow):
            yield item
        elif choice.takes(partial(_cell, item.values, columns)):
            yield _object_record(item, columns, source, fields)
    notes += choice.end()


def _cell(values: Mapping[str, object], columns: Columns, at: int) -> object:
    return value_at(values, columns.names[at])


def _object_record(item: Item, columns: Columns, source: str, fields: LabelFields) -> Record | BadRow | Unlabelled:
    line, values = item
    labelled = [value_at(values, key) for key in columns.labels]
    try:
        text, parts = read_text(columns, [_object_text(values, columns, key) for key in columns.texts])
        labels = read_labels(columns, fields, [None if value is MISSING else value for value in labelled])
    except ValueError as problem:
        return bad_row(source, line, f"the {columns.kind} {problem}")
    others: Mapping[str, object] = values
    for key in (*columns.texts, *columns.labels):
        others = without(others, key)
    record = Record(text, labels, line, source, tuple(others.items()), parts=parts)
    if labels or len(labelled) != 1:
        return record
    lack = f'the {columns.kind} "{columns.label}" {_lack(labelled[0])}, where labels are needed'
    return bad_row(source, line, lack) if labelled[0] is MISSING else unlabelled(record, lack)


def _object_text(values: Mapping[str, object], columns: Columns, key: str) -> str:
    """The text of a key; nothing where it is missing or null and others are joined to it."""
    value = value_at(values, key)
    lacks = value is None or value is MISSING
    text = "" if lacks and len(columns.texts) > 1 else scalar_text(value)
    if text is None:
        raise ValueError(f'"{key}" {_lack(value)}, where one text is needed')
    return text


def _lack(value: object) -> str:
    if value is None or value is MISSING:
        return "is null" if value is None else "is missing"
    if isinstance(value, str):
        return "is empty"
    if isinstance(value, bytes):
        return "holds bytes that are no text (see --encoding)"
    kind = "list" if isinstance(value, list) else "object"
    return f"holds an empty {kind}" if not value else f"holds {'a list' if kind == 'list' else 'an object'}"


def _shown(value: object) -> str:
    """A JSON value as a column's content is judged by."""
    if isinstance(value, list):
        return "|".join(scalar_text(each) or "" for each in value)
    if isinstance(value, dict):
        from textcnn.corpus.label_lists import named_items

        return "|".join(named_items(value) or ())
    return scalar_text(value) or ""
