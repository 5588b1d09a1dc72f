"""What reading is told (`Reading`) and what it yields (`Record`, or the `BadRow` that took a record's place)."""

import codecs
from collections.abc import Collection, Mapping
from typing import NamedTuple

from textcnn.errors import SettingsError

__all__ = [
    "DELIMITERS",
    "FORMATS",
    "FORMAT_NAMES",
    "BadRow",
    "LearnedReading",
    "Reading",
    "Record",
    "TextPart",
    "Told",
    "Unlabelled",
    "bad_row",
    "can_mark_labels",
    "check_encoding",
    "check_reading",
    "scalar_text",
    "unlabelled",
    "well_formed",
]

FORMATS = ("auto", "csv", "tsv", "jsonl", "json", "parquet", "arrow", "fasttext", "lines", "folder")
FORMAT_NAMES = {
    "csv": "CSV",
    "tsv": "TSV",
    "jsonl": "JSON lines",
    "json": "one JSON array",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "fasttext": "fastText lines",
    "lines": "plain lines, each a text",
    "xlsx": "a spreadsheet",
    "folder": "a folder of files, each a text",
}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}
_OF_NAMES = ("idna", "punycode")  # encodings of a name in the internet, which do without errors="replace"


Told = str | int | tuple[str | int, ...] | None  # columns by name, or by a number that counts from 1; None: find out


class TextPart(NamedTuple):
    """What one of several columns gave to a text: `text[start:end]`."""

    column: str
    start: int
    end: int


class Record(NamedTuple):
    """One text, where it stood, its labels if any were read, and the other columns in their order."""

    text: str
    labels: tuple[str, ...] = ()
    line: int = 1
    source: str = ""
    fields: tuple[tuple[str, object], ...] = ()
    weight: float = 1.0  # how much it counts, if that was read
    parts: tuple[TextPart, ...] = ()  # if several columns were joined
    probabilities: Mapping[str, float] | None = None  # of labels, if they were asked for and the text has some

    def column_of(self, character: int) -> str | None:
        """The column that gave a character of the text; None if none did, but what joins them, or none was joined."""
        return next((part.column for part in self.parts if part.start <= character < part.end), None)


class BadRow(NamedTuple):
    """What stood at `line` instead of a record. Whoever reads decides whether that is an error or is skipped."""

    line: int
    problem: str  # what and where
    advice: str

    @property
    def message(self) -> str:
        """Everything, for whoever has to do something about it."""
        return f"{self.problem}; {self.advice}"


class Unlabelled(NamedTuple):
    """A record without a label, and what is to be said where each text needs one."""

    record: Record
    lack: BadRow


def bad_row(source: str, line: int, what: str) -> BadRow:
    """A row that cannot be read, and the usual advice."""
    return BadRow(line, f"{source}:{line}: {what}", "fix it, or leave such rows out with --skip-bad-rows")


def unlabelled(record: Record, what: str) -> Unlabelled:
    """A record without a label, and what is to be said where it needs one."""
    lack = bad_row(record.source, record.line, what)
    several = "if texts may have several labels or none, say --labels-per-text several"
    return Unlabelled(record, lack._replace(advice=f"{lack.advice}; {several}"))


class LearnedReading(NamedTuple):
    """How the texts were read that a model learned from, as far as it holds for others: what belongs to no one file."""

    texts: tuple[str, ...] = ()  # columns of the text, in the order in which they were joined
    labels: tuple[str, ...] = ()  # columns of the labels
    label_separator: str | None = None  # as in Reading
    label_prefix: str | None = None


class Reading(NamedTuple):
    """How to read. None, like "auto", means: find out."""

    format: str = "auto"
    encoding: str = "utf-8"
    delimiter: str | None = None  # one character, or "comma", "semicolon", "tab"
    quotes: bool | None = None  # whether " encloses a field
    header: bool | None = None
    text_column: Told = None  # several are joined in this order
    label_column: Told = None  # of several each is a column of zeros and ones
    label_separator: str | None = None  # "" means that labels are never split
    skip_bad_rows: bool = False
    skip_lines: int = 0  # above the header or the first row
    label_prefix: str | None = None  # of labels in fastText lines; None means __label__
    rows: Mapping[str, Collection[str]] | None = None  # columns, and the values of the rows that are read; None: all
    weight_column: str | int | None = None  # how much each text counts; None means that all count the same
    learned: LearnedReading = LearnedReading()  # of a model; taken where a file has it and nothing else is told
    soft_labels: bool = False  # whether JSON objects may say how probable each label is, see soft_labels.py
    several: bool = False  # whether texts can have several labels whatever the file shows


def check_reading(reading: Reading) -> Reading:
    """The same with its delimiter spelled out, or a SettingsError."""
    if reading.format not in FORMATS:
        raise SettingsError(f"there is no format {reading.format!r}; --input-format takes {', '.join(FORMATS)}")
    check_encoding(reading.encoding)
    if reading.skip_lines < 0:
        raise SettingsError(f"--skip-lines takes a number from 0 on, not {reading.skip_lines}")
    if reading.label_prefix is not None and not can_mark_labels(reading.label_prefix):
        raise SettingsError(f"{reading.label_prefix!r} cannot mark a label; --label-prefix takes __label__ or the like")
    if reading.delimiter is None:
        return reading
    delimiter = DELIMITERS.get(reading.delimiter, reading.delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n\0 ':
        raise SettingsError(
            f"{reading.delimiter!r} cannot separate columns; --delimiter takes one character "
            "(no blank, no quote), or comma, semicolon or tab"
        )
    return reading._replace(delimiter=delimiter)


def can_mark_labels(prefix: str) -> bool:
    """Whether this is something and has no blanks, at which lines are cut."""
    return [prefix] == prefix.split()


def check_encoding(encoding: str) -> None:
    """Make sure that this is an encoding of text.

    Raises:
        SettingsError: it is unknown, or encodes something else: bytes, or one name.
    """
    try:
        # An empty string would be decoded without a look at the codec.
        b"a".decode(encoding, "replace")
        if codecs.lookup(encoding).name in _OF_NAMES:
            raise LookupError
    except (LookupError, ValueError):
        known = "utf-8, utf-16, latin-1, cp1252, gb18030 ..."
        raise SettingsError(f"there is no text encoding {encoding!r}; --encoding takes {known}") from None


def well_formed(text: str) -> str:
    """`text` with half surrogate pairs, which no file can hold, made into the replacement character."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def scalar_text(value: object) -> str | None:
    """A JSON string, number or boolean as text; None for null, lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None
