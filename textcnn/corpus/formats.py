"""Lines to records, format by format. Each function yields records, and a BadRow where one should have been.

Blank lines are no records, save in plain lines, where every line is one. Columns that are neither text nor label are
passed on in `fields`, as are labels that nobody asked for.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textcnn.corpus.columns import Columns, choose_columns, choose_keys, heads_columns, told_columns
from textcnn.corpus.csv_rows import CsvRow, Dialect, find_dialect, first_rows, read_rows
from textcnn.corpus.label_fields import LabelFields, clean_labels
from textcnn.corpus.lines import Lines
from textcnn.corpus.record import BadRow, Reading, Record, Unlabelled, scalar_text
from textcnn.errors import ColumnError, ReadError

if TYPE_CHECKING:
    from textcnn.corpus.json_objects import Item

__all__ = ["Opened", "find_format", "open_format"]

_BY_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_LOOK = 1000  # lines, or
_LOOK_CHARACTERS = 1 << 19
# fastText cuts at ASCII white space only, and takes labels wherever they stand.
_BLANKS = " \t\v\f\r\n"
_FASTTEXT_LABEL = re.compile(r"(?:^|(?<=[ \t\v\f]))__label__([^ \t\v\f\r\n]*)")


class Opened(NamedTuple):
    """What was found out about the columns, if the format has any, and the records to come."""

    columns: Columns | None
    records: Iterator[Record | BadRow | Unlabelled]


def find_format(suffix: str, lines: Lines, *, labelled: bool) -> str:
    """The format by the end of the name, else by the first line that is not blank."""
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    first = lines.look_filled().lstrip()
    if suffix == ".json" and first.startswith("["):
        return "json"
    if first.startswith("__label__"):
        return "fasttext"
    if suffix == ".txt" and not labelled:
        return "lines"
    return "jsonl" if first.startswith("{") or suffix == ".json" else "csv"


def open_format(form: str, lines: Lines, *, reading: Reading, labelled: bool) -> Opened:
    """Choose the columns, if the format has any, and begin to read."""
    if form == "lines":
        if labelled:
            raise ColumnError(
                f"{lines.source}: plain lines have no labels; give a file that has, or another --input-format"
            )
        return Opened(None, _line_records(lines))
    if form == "fasttext":
        return Opened(None, _fasttext_records(lines, labelled=labelled))
    if form in ("json", "jsonl"):
        return _open_objects(form, lines, reading, labelled)
    return _open_table(form, lines, reading, labelled)


def _line_records(lines: Lines) -> Iterator[Record]:
    for line in lines:
        yield Record(line.rstrip("\r\n"), (), lines.number, lines.source)


def _fasttext_records(lines: Lines, *, labelled: bool) -> Iterator[Record | Unlabelled]:
    for line in filter(str.strip, lines):
        labels = clean_labels(_FASTTEXT_LABEL.findall(line))
        text = _FASTTEXT_LABEL.sub("", line).strip(_BLANKS)
        unasked = (("label", "|".join(labels)),) if labels and not labelled else ()
        record = Record(text, labels, lines.number, lines.source, unasked)
        yield record if labels or not labelled else _unlabelled(record, "there is no __label__ in this line")


def _open_table(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    wanted = reading.delimiter or ("\t" if form == "tsv" else None)
    ahead = _look_at_table(lines, wanted, reading, labelled)
    dialect = find_dialect(ahead, whole=lines.ended, delimiter=wanted, quotes=reading.quotes, labelled=labelled)
    rows = first_rows(ahead, dialect)
    records = read_rows(lines, dialect=dialect, source=lines.source)
    if not rows:
        return Opened(None, _no_rows(records))
    columns = choose_columns(rows, delimiter=dialect.delimiter, reading=reading, labelled=labelled, source=lines.source)
    fields = LabelFields(reading.label_separator, _label_values(rows, columns))
    return Opened(columns, _table_records(records, columns, lines.source, fields))


def _label_values(rows: Sequence[Sequence[str]], columns: Columns) -> list[str]:
    """The label fields of the first rows that are as wide as the others."""
    if columns.label_at is None:
        return []
    return [row[columns.label_at] for row in rows[columns.header :] if len(row) == len(columns.names)]


def _look_at_table(lines: Lines, delimiter: str | None, reading: Reading, labelled: bool) -> list[str]:
    """The lines to judge by. On a pipe, where looking ahead is waiting, only the first row if it says enough."""
    if lines.live:
        quotes = 0

        def ends_row(line: str) -> bool:
            nonlocal quotes
            quotes += line.count('"')
            return bool(line.strip()) and quotes % 2 == 0

        first = lines.look(_LOOK, characters=_LOOK_CHARACTERS, until=ends_row)
        if reading.header is not None and told_columns(reading, labelled=labelled):
            return first
        heads = (first_rows(first, Dialect(each)) for each in (delimiter or ",;\t"))
        if any(rows and heads_columns(rows[0], labelled=labelled) for rows in heads):
            return first
    return lines.look(_LOOK, characters=_LOOK_CHARACTERS)


def _no_rows(rows: Iterable[object]) -> Iterator[Record | BadRow]:
    """Nothing, where there was nothing; but a file whose very first row cannot be read is not read on."""
    for row in rows:
        if isinstance(row, BadRow):
            raise ReadError(row.message)
    yield from ()


def _table_records(
    rows: Iterator[CsvRow | BadRow], columns: Columns, source: str, fields: LabelFields
) -> Iterator[Record | BadRow | Unlabelled]:
    others = _others(columns)
    width, text_at, label_at = len(columns.names), columns.text_at, columns.label_at
    if columns.header:
        next(rows)
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        line, values = row
        if len(values) != width:
            yield _bad(source, line, f"the row has {_count(len(values))} instead of {width}")
            continue
        try:
            labels = () if label_at is None else fields.read(values[label_at])
        except ValueError as problem:
            yield _bad(source, line, f'"{columns.label}" {problem}')
            continue
        record = Record(values[text_at], labels, line, source, tuple((name, values[at]) for at, name in others))
        if labels or label_at is None:
            yield record
        else:
            yield _unlabelled(record, f'there is no label in "{columns.label}"')


def _others(columns: Columns) -> list[tuple[int, str]]:
    chosen = (columns.text_at, columns.label_at)
    return [(at, name) for at, name in enumerate(columns.names) if at not in chosen]


def _open_objects(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    from textcnn.corpus.json_objects import read_array, read_objects

    items: Iterator[Item | BadRow]
    ahead: list[Item]
    if form == "json":
        whole = list(read_array(lines, source=lines.source))
        ahead, items = whole[:_LOOK], iter(whole)
    else:
        seen = read_objects(_look_at_objects(lines, reading, labelled), source=lines.source)
        ahead, items = [item for item in seen if not isinstance(item, BadRow)], read_objects(lines, source=lines.source)
    if not ahead:
        return Opened(None, _no_rows(items))
    shown = [{key: _shown(value) for key, value in item.values.items()} for item in ahead]
    columns = choose_keys(shown, reading=reading, labelled=labelled, source=lines.source)
    values = [item.values.get(columns.label) for item in ahead] if columns.label is not None else []
    return Opened(columns, _object_records(items, columns, lines.source, LabelFields(reading.label_separator, values)))


def _look_at_objects(lines: Lines, reading: Reading, labelled: bool) -> list[str]:
    """The lines to judge by; on a pipe the first alone, if its keys say enough."""
    if lines.live and (first := lines.look_filled()):
        from textcnn.corpus.json_objects import read_objects

        item = next(read_objects([first], source=lines.source))
        told = told_columns(reading, labelled=labelled)
        if not isinstance(item, BadRow) and (told or heads_columns(list(item.values), labelled=labelled)):
            return [first]
    return lines.look(_LOOK, characters=_LOOK_CHARACTERS)


def _object_records(
    items: Iterable["Item | BadRow"], columns: Columns, source: str, fields: LabelFields
) -> Iterator[Record | BadRow | Unlabelled]:
    for item in items:
        yield item if isinstance(item, BadRow) else _object_record(item, columns, source, fields)


def _object_record(item: "Item", columns: Columns, source: str, fields: LabelFields) -> Record | BadRow | Unlabelled:
    line, values = item
    text = scalar_text(values.get(columns.text))
    if text is None:
        return _bad(source, line, f'the key "{columns.text}" {_lack(values, columns.text)}, where one text is needed')
    labels: tuple[str, ...] = ()
    lack = f'the key "{columns.label}" {_lack(values, columns.label or "")}, where labels are needed'
    try:
        labels = fields.read(values.get(columns.label)) if columns.label is not None else ()
    except ValueError as problem:
        return _bad(source, line, f'the key "{columns.label}" {problem}, where labels are needed')
    others = tuple((key, value) for key, value in values.items() if key not in (columns.text, columns.label))
    record = Record(text, labels, line, source, others)
    if labels or columns.label is None:
        return record
    return _unlabelled(record, lack) if columns.label in values else _bad(source, line, lack)


def _lack(values: dict[str, object], key: str) -> str:
    value = values.get(key)
    if value is None:
        return "is null" if key in values else "is missing"
    if isinstance(value, str):
        return "is empty"
    kind = "list" if isinstance(value, list) else "object"
    return f"holds an empty {kind}" if not value else f"holds {'a list' if kind == 'list' else 'an object'}"


def _shown(value: object) -> str:
    """A JSON value as a column's content is judged by."""
    if isinstance(value, list):
        return "|".join(scalar_text(each) or "" for each in value)
    if isinstance(value, dict):
        return "|".join(key for key, chosen in value.items() if chosen)
    return scalar_text(value) or ""


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"


def _bad(source: str, line: int, what: str) -> BadRow:
    return BadRow(line, f"{source}:{line}: {what}", "fix it, or leave such rows out with --skip-bad-rows")


def _unlabelled(record: Record, what: str) -> Unlabelled:
    lack = _bad(record.source, record.line, what)
    several = "if texts may have several labels or none, say --labels-per-text several"
    return Unlabelled(record, lack._replace(advice=f"{lack.advice}; {several}"))
