"""Lines to records, format by format. Each function yields records, and a BadRow where one should have been.

Blank lines are no records, save in plain lines, where every line is one. Columns that are neither text nor label are
passed on in `fields`, as are labels that nobody asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from textcnn.corpus.columns import Columns, choose_columns, choose_keys, heads_columns, told_columns
from textcnn.corpus.csv_rows import CsvRow, Dialect, find_dialect, first_rows, read_rows
from textcnn.corpus.fasttext_lines import fasttext_records, has_label
from textcnn.corpus.file_kinds import refuse_document
from textcnn.corpus.hints import json_format, seen_format
from textcnn.corpus.label_fields import LabelFields
from textcnn.corpus.lines import Lines
from textcnn.corpus.misfits import misfit
from textcnn.corpus.paths import MISSING, flattened, refuse_wrapped, value_at, without
from textcnn.corpus.preamble import has_row_names, is_rule, named_delimiter, title_lines
from textcnn.corpus.record import FORMAT_NAMES, BadRow, Reading, Record, Unlabelled, scalar_text
from textcnn.errors import ColumnError, ReadError

if TYPE_CHECKING:
    from textcnn.corpus.json_objects import Item

__all__ = ["Opened", "find_format", "open_format"]

_BY_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_LOOK = 1000  # lines, or
_LOOK_CHARACTERS = 1 << 19
_CELLS = 2_000_000  # keys times objects that are looked at, where each object has keys of its own, though
_FEWEST = 20  # objects


_Maker = Callable[[CsvRow], Record | BadRow | Unlabelled]


class Opened(NamedTuple):
    """What was found out about the columns, if the format has any, and the records to come."""

    columns: Columns | None
    records: Iterator[Record | BadRow | Unlabelled]
    notes: list[str]  # what was left out or understood otherwise; some come while reading
    misfit: str = ""  # what to do about many rows that do not fit


def find_format(suffix: str, lines: Lines, *, labelled: bool, prefix: str | None = None) -> str:
    """The format by labels with a prefix, by the end of the name, else by the first line that is not blank."""
    first = lines.look_filled().lstrip()
    if prefix is not None or (not first.startswith(("{", "[")) and has_label(first, None)):
        return "fasttext"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if suffix == ".json":
        return "json" if first.startswith("[") else "jsonl"
    if suffix == ".txt" and not labelled:
        return "lines"
    return json_format(first) or "csv"


def open_format(form: str, lines: Lines, *, reading: Reading, labelled: bool) -> Opened:
    """Choose the columns, if the format has any, and begin to read."""
    if form != "lines":
        refuse_document(lines.look_filled().lstrip(), lines.source)
    if form == "lines":
        if labelled:
            raise ColumnError(
                f"{lines.source}: plain lines have no labels; give a file that has, or another --input-format"
            )
        return Opened(None, _line_records(lines), _plain_notes(lines, reading))
    if form == "fasttext":
        ahead = [lines.look_filled()] if lines.live else lines.look(_LOOK, characters=_LOOK_CHARACTERS)
        return Opened(None, fasttext_records(lines, ahead, prefix=reading.label_prefix, labelled=labelled), [])
    if form in ("json", "jsonl"):
        return _open_objects(form, lines, reading, labelled)
    if form == "xlsx":
        reading = reading._replace(delimiter=",", quotes=True)
    return _open_table(form, lines, reading, labelled)


def _plain_notes(lines: Lines, reading: Reading) -> list[str]:
    """What there is to say of lines that were taken for plain ones; on a pipe nothing, for to look is to wait."""
    form = "" if lines.live or reading.format != "auto" else seen_format(lines.look_filled())
    return [f"it begins like {FORMAT_NAMES[form]}; to have it read so: --input-format {form}"] if form else []


def _line_records(lines: Lines) -> Iterator[Record]:
    for line in lines:
        yield Record(line.rstrip("\r\n"), (), lines.number, lines.source)


def _open_table(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    notes = [*lines.notes]
    wanted = _named_delimiter(lines, notes) or ("\t" if form == "tsv" else None)
    wanted = reading.delimiter or wanted
    ahead = _look_at_table(lines, wanted, reading, labelled)
    if not (reading.skip_lines or False in (reading.header, reading.quotes)):
        ahead = ahead[_skip_titles(lines, ahead, wanted, labelled, notes) :]
    dialect = find_dialect(ahead, whole=lines.ended, delimiter=wanted, quotes=reading.quotes, labelled=labelled)
    notes += _dialect_notes(dialect, ahead, reading)
    rows = first_rows(ahead, dialect)
    records = read_rows(lines, dialect=dialect, source=lines.source, begin=lines.number + 1)
    if not rows:
        return Opened(None, _no_rows(records), notes)
    if has_row_names(rows) and reading.header is not False:
        rows[0] = ["", *rows[0]]
        notes.append("the first column, of row numbers, has no name")
    mark = "cells" if form == "xlsx" else dialect.delimiter
    columns = choose_columns(rows, delimiter=mark, reading=reading, labelled=labelled, source=lines.source)
    fields = LabelFields(reading.label_separator, _label_values(rows, columns, lines.source))
    advice = misfit(rows, columns)
    make = _record_maker(columns, lines.source, fields, advice)
    return Opened(columns, _table_records(records, columns, make, notes), notes, advice)


def _dialect_notes(dialect: Dialect, ahead: Sequence[str], reading: Reading) -> list[str]:
    """What there is to say of how quotes are understood."""
    notes = [r"\" is a quote within quotes"] if dialect.escapes else []
    if not dialect.quotes and reading.quotes is None and any('"' in line for line in ahead):
        notes.append("quotes are characters like others; --quotes if they enclose fields")
    return notes


def _named_delimiter(lines: Lines, notes: list[str]) -> str | None:
    """The delimiter, if the first line names it; then that line is taken."""
    named = named_delimiter(lines.look_filled())
    if named is not None:
        while named_delimiter(next(iter(lines))) is None:
            pass
        notes.append(f"its first line names {named!r} as the delimiter")
    return named


def _skip_titles(lines: Lines, ahead: Sequence[str], delimiter: str | None, labelled: bool, notes: list[str]) -> int:
    """Take the lines above the header; the number of them."""
    titles = title_lines(ahead, delimiter, labelled=labelled)
    for _ in range(titles):
        next(iter(lines))
    if titles:
        above = "the line above the header is" if titles == 1 else f"the {titles} lines above the header are"
        notes.append(f"{above} left out")
    return titles


def _label_values(rows: Sequence[Sequence[str]], columns: Columns, source: str) -> list[str]:
    """The label fields of the first rows that are as wide as the others."""
    if columns.label_at is None:
        return []
    values = [row[columns.label_at] for row in rows[columns.header :] if len(row) == len(columns.names)]
    if any(value.startswith("[") for value in values):
        from textcnn.corpus.annotations import refuse_spans

        refuse_spans(values, str(columns.label), source)
    return values


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
    rows: Iterator[CsvRow | BadRow], columns: Columns, make: _Maker, notes: list[str]
) -> Iterator[Record | BadRow | Unlabelled]:
    header = next(rows) if columns.header else None
    first = len(header.fields[0]) if isinstance(header, CsvRow) else -1
    ruled = columns.delimiter == "|"
    empty = 0
    for row in rows:
        if isinstance(row, BadRow):
            yield row
        elif (ruled or len(row.fields[0]) == first) and (note := _aside(row, header, columns)):
            notes.append(note)
        elif _is_empty(record := make(row), row):
            empty += 1
        else:
            yield record
    if empty:
        notes.append(f"{empty} rows of nothing but delimiters are left out")


def _is_empty(record: Record | BadRow | Unlabelled, row: CsvRow) -> bool:
    """Whether there is nothing in a row whose label is wanted."""
    return isinstance(record, Unlabelled) and not any(map(str.strip, row.fields))


def _aside(row: CsvRow, header: CsvRow | BadRow | None, columns: Columns) -> str:
    """What to say of a row that is none of the table's, and is left out; "" of one that is."""
    if isinstance(header, CsvRow) and _comes_again(header, row):
        return f"the header comes again in line {row.line}, and is left out"
    if columns.delimiter == "|" and is_rule(row.fields):
        return f"line {row.line} is a rule, and is left out"
    return ""


def _comes_again(header: CsvRow, row: CsvRow) -> bool:
    """Whether a row repeats the header, perhaps in other case."""
    if len(row.fields) != len(header.fields) or len(row.fields) < 2:
        return False
    pairs = zip(header.fields, row.fields, strict=True)
    return all(len(name) == len(cell) and name.casefold() == cell.casefold() for name, cell in pairs)


def _record_maker(columns: Columns, source: str, fields: LabelFields, advice: str) -> _Maker:
    """A function from a row to its record; `advice` is for rows that do not fit, where there are many."""
    others = _others(columns)
    width, text_at, label_at = len(columns.names), columns.text_at, columns.label_at

    def make(row: CsvRow) -> Record | BadRow | Unlabelled:
        line, values = row
        if len(values) != width:
            bad = _bad(source, line, f"the row has {_count(len(values))} instead of {width}")
            return bad._replace(advice=advice or bad.advice)
        try:
            labels = () if label_at is None else fields.read(values[label_at])
        except ValueError as problem:
            return _bad(source, line, f'"{columns.label}" {problem}')
        record = Record(values[text_at], labels, line, source, tuple((name, values[at]) for at, name in others))
        if labels or label_at is None:
            return record
        return _unlabelled(record, f'there is no label in "{columns.label}"')

    return make


def _others(columns: Columns) -> list[tuple[int, str]]:
    chosen = (columns.text_at, columns.label_at)
    return [(at, name) for at, name in enumerate(columns.names) if at not in chosen]


def _open_objects(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    from textcnn.corpus.annotations import find_export
    from textcnn.corpus.json_objects import read_array, read_objects

    items: Iterator[Item | BadRow]
    ahead: Sequence[Item]
    if form == "json":
        whole = list(read_array(lines, source=lines.source))
        ahead, items = whole[:_LOOK], iter(whole)
    else:
        seen = read_objects(_look_at_objects(lines, reading, labelled), source=lines.source)
        ahead = [item for item in seen if not isinstance(item, BadRow)]
        items = read_objects(lines, source=lines.source, begin=lines.number + 1)
    if not ahead:
        return Opened(None, _no_rows(items), [])
    notes: list[str] = []
    export = find_export(ahead, label=reading.label_column, labelled=labelled, source=lines.source)
    if export:
        notes.append(f"an export of {export.name}")
        ahead, items = export.shown(ahead), export.read(items, lines.source, notes)
        reading = reading._replace(label_column=reading.label_column or export.label)
    objects = [item.values for item in ahead]
    columns = _keys_of(objects, reading, labelled, lines.source)
    if export and export.label:
        columns = columns._replace(label_by="as annotated")
    fields = LabelFields(reading.label_separator, _label_fields(objects, columns, lines.source))
    return Opened(columns, _object_records(items, columns, lines.source, fields), notes)


def _keys_of(objects: Sequence[dict[str, object]], reading: Reading, labelled: bool, source: str) -> Columns:
    """The keys of the text and the label, or the paths to them."""
    names = len(set(chain.from_iterable(objects)))
    objects = objects[: max(_CELLS // max(names, 1), _FEWEST)]
    flat = flattened(objects, (reading.text_column, reading.label_column))
    shown = [{key: _shown(value) for key, value in values.items()} for values in flat]
    try:
        return choose_keys(shown, reading=reading, labelled=labelled, source=source)
    except ColumnError:
        if len(objects) == 1:
            refuse_wrapped(objects[0], source)
        raise


def _label_fields(objects: Sequence[dict[str, object]], columns: Columns, source: str) -> list[object]:
    """The labels of these objects, as they are written."""
    if columns.label is None:
        return []
    from textcnn.corpus.annotations import refuse_spans

    values = [value for each in objects if (value := value_at(each, columns.label)) is not MISSING]
    refuse_spans(values, columns.label, source)
    return values


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
    found = value_at(values, columns.text)
    text = scalar_text(found)
    if text is None:
        return _bad(source, line, f'the key "{columns.text}" {_lack(found)}, where one text is needed')
    others = without(values, columns.text)
    if columns.label is None:
        return Record(text, (), line, source, tuple(others.items()))
    found = value_at(values, columns.label)
    try:
        labels = fields.read(None if found is MISSING else found)
    except ValueError as problem:
        return _bad(source, line, f'the key "{columns.label}" {problem}, where labels are needed')
    record = Record(text, labels, line, source, tuple(without(others, columns.label).items()))
    if labels:
        return record
    lack = f'the key "{columns.label}" {_lack(found)}, where labels are needed'
    return _bad(source, line, lack) if found is MISSING else _unlabelled(record, lack)


def _lack(value: object) -> str:
    if value is None or value is MISSING:
        return "is null" if value is None else "is missing"
    if isinstance(value, str):
        return "is empty"
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


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"


def _bad(source: str, line: int, what: str) -> BadRow:
    return BadRow(line, f"{source}:{line}: {what}", "fix it, or leave such rows out with --skip-bad-rows")


def _unlabelled(record: Record, what: str) -> Unlabelled:
    lack = _bad(record.source, record.line, what)
    several = "if texts may have several labels or none, say --labels-per-text several"
    return Unlabelled(record, lack._replace(advice=f"{lack.advice}; {several}"))
