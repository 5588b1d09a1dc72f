"""Tables to records: where the header is, what is no row of it, and a record for each other row."""

from collections.abc import Callable, Iterator, Sequence

from textcnn.corpus.columns import Columns, choose_columns
from textcnn.corpus.csv_rows import CsvRow, Dialect, find_dialect, first_rows, read_rows
from textcnn.corpus.header import has_learned, names_decide, told_columns
from textcnn.corpus.joined import read_labels, read_text
from textcnn.corpus.label_fields import LabelFields
from textcnn.corpus.lines import Lines
from textcnn.corpus.misfits import misfit
from textcnn.corpus.opened import LOOK, LOOK_CHARACTERS, Opened, no_rows
from textcnn.corpus.preamble import has_row_names, is_rule, named_delimiter, title_lines
from textcnn.corpus.record import BadRow, Reading, Record, Unlabelled, bad_row, unlabelled
from textcnn.corpus.row_choice import RowChoice

__all__ = ["open_table"]

_Maker = Callable[[CsvRow], Record | BadRow | Unlabelled]


def open_table(form: str, lines: Lines, reading: Reading, labelled: bool) -> Opened:
    """The records of CSV, of TSV, or of the rows of a spreadsheet, which are lines of CSV."""
    if form == "xlsx":
        reading = reading._replace(delimiter=",", quotes=True)
    notes = [*lines.notes]
    ahead, dialect = _begin(form, lines, reading, labelled, notes)
    rows = first_rows(ahead, dialect)
    records = read_rows(lines, dialect=dialect, source=lines.source, begin=lines.number + 1)
    if not rows:
        return Opened(None, no_rows(records), notes)
    if has_row_names(rows) and reading.header is not False:
        rows[0] = ["", *rows[0]]
        notes.append("the first column, of row numbers, has no name")
    mark = "cells" if form == "xlsx" else dialect.delimiter
    columns = choose_columns(rows, delimiter=mark, reading=reading, labelled=labelled, source=lines.source)
    fields = LabelFields(reading.label_separator, _label_values(rows, columns, lines.source))
    advice = misfit(rows, columns)
    make = _record_maker(columns, lines.source, fields, advice)
    choice = RowChoice(columns, lines.source)
    return Opened(columns, _table_records(records, columns, make, choice, notes), notes, advice)


def _begin(
    form: str, lines: Lines, reading: Reading, labelled: bool, notes: list[str]
) -> tuple[Sequence[str], Dialect]:
    """The lines to judge by, those above the header taken, and how they are to be understood."""
    named = _named_delimiter(lines, notes)
    delimiter = reading.delimiter or named or ("\t" if form == "tsv" else None)
    ahead = _look_at_table(lines, delimiter, reading, labelled)
    if not (reading.skip_lines or False in (reading.header, reading.quotes)):
        ahead = ahead[_skip_titles(lines, ahead, delimiter, labelled, notes) :]
    dialect = find_dialect(ahead, whole=lines.ended, delimiter=delimiter, quotes=reading.quotes, labelled=labelled)
    notes += _dialect_notes(dialect, ahead, reading)
    return ahead, dialect


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

        first = lines.look(LOOK, characters=LOOK_CHARACTERS, until=ends_row)
        if reading.header is not None and told_columns(reading, labelled=labelled):
            return first
        heads = [rows[0] for each in (delimiter or ",;\t") if (rows := first_rows(first, Dialect(each)))]
        if any(_says_enough(head, reading, labelled) for head in heads):
            return first
    return lines.look(LOOK, characters=LOOK_CHARACTERS)


def _says_enough(first: Sequence[str], reading: Reading, labelled: bool) -> bool:
    return names_decide(first, labelled=labelled) or has_learned(first, reading, labelled=labelled)


def _table_records(
    rows: Iterator[CsvRow | BadRow], columns: Columns, make: _Maker, choice: RowChoice, notes: list[str]
) -> Iterator[Record | BadRow | Unlabelled]:
    for row in _own_rows(rows, columns, notes):
        if isinstance(row, BadRow):
            yield row
        elif len(row.fields) != len(columns.names) or choice.takes(row.fields.__getitem__):
            yield make(row)
    notes += choice.end()


def _own_rows(rows: Iterator[CsvRow | BadRow], columns: Columns, notes: list[str]) -> Iterator[CsvRow | BadRow]:
    """The rows without headers, rules and empty ones."""
    header = next(rows) if columns.header else None
    first = len(header.fields[0]) if isinstance(header, CsvRow) else -1
    ruled = columns.delimiter == "|"
    empty = 0
    for row in rows:
        if isinstance(row, BadRow):
            yield row
        elif (ruled or 0 <= len(row.fields[0]) - first <= 1) and (note := _aside(row, header, columns)):
            notes.append(note)
        elif _is_empty(row, columns):
            empty += 1
        else:
            yield row
    if empty:
        notes.append(f"{empty} rows of nothing but delimiters are left out")


def _is_empty(row: CsvRow, columns: Columns) -> bool:
    """Whether there is nothing in a row whose labels are wanted."""
    return bool(columns.labels) and len(row.fields) == len(columns.names) and not any(map(str.strip, row.fields))


def _aside(row: CsvRow, header: CsvRow | BadRow | None, columns: Columns) -> str:
    """What to say of a row that is none of the table's, and is left out; "" of one that is."""
    if isinstance(header, CsvRow) and _comes_again(header, row):
        return f"the header comes again in line {row.line}, and is left out"
    if columns.delimiter == "|" and is_rule(row.fields):
        return f"line {row.line} is a rule, and is left out"
    return ""


def _comes_again(header: CsvRow, row: CsvRow) -> bool:
    """Whether a row repeats the header, perhaps in other case, or below a byte order mark of its own."""
    if len(row.fields) != len(header.fields) or len(row.fields) < 2:
        return False
    pairs = zip(header.fields, [row.fields[0].removeprefix("\ufeff"), *row.fields[1:]], strict=True)
    return all(len(name) == len(cell) and name.casefold() == cell.casefold() for name, cell in pairs)


def _record_maker(columns: Columns, source: str, fields: LabelFields, advice: str) -> _Maker:
    """A function from a row to its record; `advice` is for rows that do not fit, where there are many."""
    others = _others(columns)
    width, texts_at, labels_at = len(columns.names), columns.texts_at, columns.labels_at

    def make(row: CsvRow) -> Record | BadRow | Unlabelled:
        line, values = row
        if len(values) != width:
            bad = bad_row(source, line, f"the row has {_count(len(values))} instead of {width}")
            return bad._replace(advice=advice or bad.advice)
        try:
            labels = read_labels(columns, fields, [values[at] for at in labels_at])
        except ValueError as problem:
            return bad_row(source, line, str(problem))
        text, parts = read_text(columns, [values[at] for at in texts_at])
        record = Record(text, labels, line, source, tuple((name, values[at]) for at, name in others), parts=parts)
        if labels or len(labels_at) != 1:
            return record
        return unlabelled(record, f'there is no label in "{columns.label}"')

    return make


def _others(columns: Columns) -> list[tuple[int, str]]:
    chosen = (*columns.texts_at, *columns.labels_at)
    return [(at, name) for at, name in enumerate(columns.names) if at not in chosen]


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"
