"""Lines to records, format by format. Each function yields records, and a BadRow where one should have been.

Blank lines are no records, save in plain lines, where every line is one. Columns that are neither text nor label are
passed on in `fields`, as are labels that nobody asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textcnn.corpus.columns import Columns, choose_columns, choose_keys, names_decide, told_columns
from textcnn.corpus.csv_rows import CsvRow, Dialect, find_dialect, first_rows, read_rows
from textcnn.corpus.fasttext_lines import fasttext_records, has_label
from textcnn.corpus.joined import flagged_labels, join_texts
from textcnn.corpus.label_fields import LabelFields
from textcnn.corpus.lines import Lines
from textcnn.corpus.misfits import misfit
from textcnn.corpus.preamble import named_delimiter, title_lines
from textcnn.corpus.record import BadRow, Reading, Record, TextPart, Unlabelled, scalar_text
from textcnn.corpus.row_choice import RowChoice, refuse_rows
from textcnn.errors import ColumnError, ReadError

if TYPE_CHECKING:
    from textcnn.corpus.json_objects import Item

__all__ = ["Opened", "find_format", "open_format"]

_BY_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_LOOK = 1000  # lines, or
_LOOK_CHARACTERS = 1 << 19


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
    return "jsonl" if first.startswith("{") else "csv"


def open_format(form: str, lines: Lines, *, reading: Reading, labelled: bool) -> Opened:
    """Choose the columns, if the format has any, and begin to read."""
    if form != "lines":
        _refuse_page(lines)
    if form == "lines":
        if labelled:
            raise ColumnError(
                f"{lines.source}: plain lines have no labels; give a file that has, or another --input-format"
            )
        refuse_rows(reading.rows, lines.source, "plain lines")
        return Opened(None, _line_records(lines), [])
    if form == "fasttext":
        refuse_rows(reading.rows, lines.source, "fastText lines")
        ahead = [lines.look_filled()] if lines.live else lines.look(_LOOK, characters=_LOOK_CHARACTERS)
        return Opened(None, fasttext_records(lines, ahead, prefix=reading.label_prefix, labelled=labelled), [])
    if form in ("json", "jsonl"):
        return _open_objects(form, lines, reading, labelled)
    return _open_table(form, lines, reading, labelled)


def _line_records(lines: Lines) -> Iterator[Record]:
    for line in lines:
        yield Record(line.rstrip("\r\n"), (), lines.number, lines.source)


def _refuse_page(lines: Lines) -> None:
    """A page of the web in place of a table is what a download without a login gives."""
    if lines.look_filled().lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
        raise ReadError(
            f"{lines.source}: this is an HTML page, no table; download the file itself, or save the table as CSV"
        )


def _open_table(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    notes: list[str] = []
    wanted = _read_preamble(lines, "\t" if form == "tsv" else None, reading, labelled, notes)
    ahead = _look_at_table(lines, wanted, reading, labelled)
    dialect = find_dialect(ahead, whole=lines.ended, delimiter=wanted, quotes=reading.quotes, labelled=labelled)
    if dialect.escapes:
        notes.append(r"\" is a quote within quotes")
    if not dialect.quotes and reading.quotes is None and any('"' in line for line in ahead):
        notes.append("quotes are characters like others; --quotes if they enclose fields")
    rows = first_rows(ahead, dialect)
    records = read_rows(lines, dialect=dialect, source=lines.source, begin=lines.number + 1)
    if not rows:
        return Opened(None, _no_rows(records), notes)
    columns = choose_columns(rows, delimiter=dialect.delimiter, reading=reading, labelled=labelled, source=lines.source)
    fields = LabelFields(reading.label_separator, _label_values(rows, columns))
    advice = misfit(rows, columns)
    make = _record_maker(columns, lines.source, fields, advice)
    choice = RowChoice(columns, lines.source)
    return Opened(columns, _table_records(records, columns, make, choice, notes), notes, advice)


def _read_preamble(lines: Lines, usual: str | None, reading: Reading, labelled: bool, notes: list[str]) -> str | None:
    """Take the lines above the header; the delimiter as told, as one of them names it, or as usual."""
    named = named_delimiter(lines.look_filled())
    if named is not None:
        while named_delimiter(next(iter(lines))) is None:
            pass
        notes.append(f"its first line names {named!r} as the delimiter")
    delimiter = reading.delimiter or named or usual
    if not (lines.live or reading.skip_lines or False in (reading.header, reading.quotes)):
        _skip_titles(lines, delimiter, labelled, notes)
    return delimiter


def _skip_titles(lines: Lines, delimiter: str | None, labelled: bool, notes: list[str]) -> None:
    titles = title_lines(lines.look(_LOOK, characters=_LOOK_CHARACTERS), delimiter, labelled=labelled)
    for _ in range(titles):
        next(iter(lines))
    if titles:
        above = "the line above the header is" if titles == 1 else f"the {titles} lines above the header are"
        notes.append(f"{above} left out")


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
        if any(rows and names_decide(rows[0], labelled=labelled) for rows in heads):
            return first
    return lines.look(_LOOK, characters=_LOOK_CHARACTERS)


def _no_rows(rows: Iterable[object]) -> Iterator[Record | BadRow]:
    """Nothing, where there was nothing; but a file whose very first row cannot be read is not read on."""
    for row in rows:
        if isinstance(row, BadRow):
            raise ReadError(row.message)
    yield from ()


def _table_records(
    rows: Iterator[CsvRow | BadRow], columns: Columns, make: _Maker, choice: RowChoice, notes: list[str]
) -> Iterator[Record | BadRow | Unlabelled]:
    header = next(rows) if columns.header else None
    first = len(header.fields[0]) if isinstance(header, CsvRow) else -1
    for row in rows:
        if isinstance(row, BadRow):
            yield row
        elif header and len(row.fields[0]) == first and _comes_again(header, row):
            notes.append(f"the header comes again in line {row.line}, and is left out")
        elif len(row.fields) != len(columns.names) or choice.takes(row.fields.__getitem__):
            yield make(row)
    notes += choice.end()


def _comes_again(header: CsvRow | BadRow, row: CsvRow) -> bool:
    """Whether a row repeats the header, perhaps in other case."""
    if isinstance(header, BadRow) or len(row.fields) != len(header.fields) or len(row.fields) < 2:
        return False
    pairs = zip(header.fields, row.fields, strict=True)
    return all(len(name) == len(cell) and name.casefold() == cell.casefold() for name, cell in pairs)


def _record_maker(columns: Columns, source: str, fields: LabelFields, advice: str) -> _Maker:
    """A function from a row to its record; `advice` is for rows that do not fit, where there are many."""
    others = _others(columns)
    width, texts_at, labels_at = len(columns.names), columns.texts_at, columns.labels_at

    def make(row: CsvRow) -> Record | BadRow | Unlabelled:
        line, values = row
        if len(values) != width:
            bad = _bad(source, line, f"the row has {_count(len(values))} instead of {width}")
            return bad._replace(advice=advice or bad.advice)
        try:
            labels = _read_labels(columns, fields, [values[at] for at in labels_at])
        except ValueError as problem:
            return _bad(source, line, str(problem))
        text, parts = _read_text(columns, [values[at] for at in texts_at])
        record = Record(text, labels, line, source, tuple((name, values[at]) for at, name in others), parts=parts)
        if labels or len(labels_at) != 1:
            return record
        return _unlabelled(record, f'there is no label in "{columns.label}"')

    return make


def _read_text(columns: Columns, cells: Sequence[str]) -> tuple[str, tuple[TextPart, ...]]:
    """The text, and what each column gave to it if several are joined."""
    return join_texts(columns.texts, cells) if len(cells) > 1 else (cells[0], ())


def _read_labels(columns: Columns, fields: LabelFields, cells: Sequence[object]) -> tuple[str, ...]:
    """The labels: those of a field, or the names of the columns that hold 1.

    Raises:
        ValueError: there is something else; says where and what.
    """
    if len(cells) > 1:
        return flagged_labels(columns.labels, cells)
    try:
        return fields.read(cells[0]) if cells else ()
    except ValueError as problem:
        raise ValueError(f'"{columns.label}" {problem}') from None


def _others(columns: Columns) -> list[tuple[int, str]]:
    chosen = (*columns.texts_at, *columns.labels_at)
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
        ahead = [item for item in seen if not isinstance(item, BadRow)]
        items = read_objects(lines, source=lines.source, begin=lines.number + 1)
    if not ahead:
        return Opened(None, _no_rows(items), [])
    shown = [{key: _shown(value) for key, value in item.values.items()} for item in ahead]
    columns = choose_keys(shown, reading=reading, labelled=labelled, source=lines.source)
    values = [item.values.get(columns.label) for item in ahead] if columns.label is not None else []
    fields = LabelFields(reading.label_separator, values)
    notes: list[str] = []
    return Opened(columns, _object_records(items, columns, lines.source, fields, notes), notes)


def _look_at_objects(lines: Lines, reading: Reading, labelled: bool) -> list[str]:
    """The lines to judge by; on a pipe the first alone, if its keys say enough."""
    if lines.live and (first := lines.look_filled()):
        from textcnn.corpus.json_objects import read_objects

        item = next(read_objects([first], source=lines.source))
        told = told_columns(reading, labelled=labelled)
        if not isinstance(item, BadRow) and (told or names_decide(list(item.values), labelled=labelled)):
            return [first]
    return lines.look(_LOOK, characters=_LOOK_CHARACTERS)


def _object_records(
    items: Iterable["Item | BadRow"], columns: Columns, source: str, fields: LabelFields, notes: list[str]
) -> Iterator[Record | BadRow | Unlabelled]:
    choice = RowChoice(columns, source)
    for item in items:
        if isinstance(item, BadRow):
            yield item
        elif choice.takes(lambda at, values=item.values: values.get(columns.names[at])):  # type: ignore[misc]
            yield _rejected(item, columns, source) or _object_record(item, columns, source, fields)
    notes += choice.end()


def _rejected(item: "Item", columns: Columns, source: str) -> BadRow | None:
    """What to say of an annotation of Prodigy whose label was not accepted: it is what the text is not."""
    answer = item.values.get("answer")
    if columns.label is None or answer not in ("reject", "ignore") or "_input_hash" not in item.values:
        return None
    what = f'the label is not meant: in this annotation of Prodigy, "answer" is "{answer}"'
    advice = """keep the accepted ones: jq -c 'select(.answer == "accept")' FILE > FILE.jsonl"""
    return BadRow(item.line, f"{source}:{item.line}: {what}", advice)


def _object_record(item: "Item", columns: Columns, source: str, fields: LabelFields) -> Record | BadRow | Unlabelled:
    line, values = item
    try:
        text, parts = _read_text(columns, [_object_text(values, columns, key) for key in columns.texts])
        labels = _read_labels(columns, fields, [values.get(key) for key in columns.labels])
    except ValueError as problem:
        return _bad(source, line, f"the key {problem}")
    chosen = {*columns.texts, *columns.labels}
    others = tuple((key, value) for key, value in values.items() if key not in chosen)
    record = Record(text, labels, line, source, others, parts=parts)
    if labels or len(columns.labels) != 1:
        return record
    key = columns.label or ""
    lack = f'the key "{key}" {_lack(values, key)}, where labels are needed'
    return _unlabelled(record, lack) if key in values else _bad(source, line, lack)


def _object_text(values: dict[str, object], columns: Columns, key: str) -> str:
    """The text of a key; nothing where it is missing or null and others are joined to it."""
    value = values.get(key)
    text = "" if value is None and len(columns.texts) > 1 else scalar_text(value)
    if text is None:
        raise ValueError(f'"{key}" {_lack(values, key)}, where one text is needed')
    return text


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
