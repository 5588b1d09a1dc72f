"""Which format a file has, and what it gives when it is opened: records, and a BadRow where one should have been.

Blank lines are no records, save in plain lines, where every line is one. Columns that are neither text nor label are
passed on in `fields`, as are labels that nobody asked for.
"""

from collections.abc import Iterator

from textcnn.corpus.fasttext_lines import fasttext_records, has_label
from textcnn.corpus.file_kinds import refuse_document
from textcnn.corpus.hints import json_format, seen_format
from textcnn.corpus.lines import Lines
from textcnn.corpus.opened import LOOK, LOOK_CHARACTERS, Opened
from textcnn.corpus.record import FORMAT_NAMES, Reading, Record
from textcnn.corpus.row_choice import refuse_rows
from textcnn.errors import ColumnError

__all__ = ["find_format", "open_format"]

_BY_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def find_format(suffix: str, lines: Lines, *, labelled: bool, reading: Reading) -> str:
    """The format by labels with a prefix, by the end of the name, else by the first line that is not blank."""
    first = lines.look_filled().lstrip()
    if reading.label_prefix is not None or _has_usual_prefix(first):
        return "fasttext"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if _has_learned_prefix(first, reading):
        return "fasttext"
    if suffix == ".json":
        return "json" if first.startswith("[") else "jsonl"
    if suffix == ".txt" and not labelled:
        return "lines"
    return json_format(first) or "csv"


def _has_usual_prefix(first: str) -> bool:
    return not first.startswith(("{", "[")) and has_label(first, None)


def _has_learned_prefix(first: str, reading: Reading) -> bool:
    """Whether there is a label in the first line as a model learned them."""
    prefix = reading.learned.label_prefix
    return prefix is not None and has_label(first, prefix)


def open_format(form: str, lines: Lines, *, reading: Reading, labelled: bool) -> Opened:
    """Choose the columns, if the format has any, and begin to read."""
    if form == "lines":
        return _open_plain(lines, reading, labelled)
    refuse_document(lines.look_filled().lstrip(), lines.source)
    if form == "fasttext":
        return _open_fasttext(lines, reading, labelled)
    if form in ("json", "jsonl"):
        from textcnn.corpus.object_records import open_objects

        return open_objects(form, lines, reading, labelled)
    from textcnn.corpus.table_records import open_table

    return open_table(form, lines, reading, labelled)


def _open_plain(lines: Lines, reading: Reading, labelled: bool) -> Opened:
    if labelled:
        raise ColumnError(
            f"{lines.source}: plain lines have no labels; give a file that has, or another --input-format"
        )
    refuse_rows(reading.rows, lines.source, "plain lines")
    return Opened(None, _line_records(lines), _plain_notes(lines, reading))


def _plain_notes(lines: Lines, reading: Reading) -> list[str]:
    """What there is to say of lines that were taken for plain ones; on a pipe nothing, for to look is to wait."""
    form = "" if lines.live or reading.format != "auto" else seen_format(lines.look_filled())
    return [f"it begins like {FORMAT_NAMES[form]}; to have it read so: --input-format {form}"] if form else []


def _line_records(lines: Lines) -> Iterator[Record]:
    for line in lines:
        yield Record(line.rstrip("\r\n"), (), lines.number, lines.source)


def _open_fasttext(lines: Lines, reading: Reading, labelled: bool) -> Opened:
    refuse_rows(reading.rows, lines.source, "fastText lines")
    ahead = [lines.look_filled()] if lines.live else lines.look(LOOK, characters=LOOK_CHARACTERS)
    prefix = reading.label_prefix
    if prefix is None and _has_learned_prefix(lines.look_filled(), reading):
        prefix = reading.learned.label_prefix
    return Opened(None, fasttext_records(lines, ahead, prefix=prefix, labelled=labelled), [])
