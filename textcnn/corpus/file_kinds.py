"""Files that are no tables of text, by how they begin, and what to do with each."""

import re

from textcnn.errors import ReadError

__all__ = ["refuse_binary", "refuse_document"]

_BINARY = tuple(
    (re.compile(begin, re.DOTALL), what)
    for begin, what in (
        (rb"\xff\xfe|\xfe\xff", "it begins like UTF-16: say --encoding utf-16"),
        (rb"\x1f\x8b", "it is gzipped: give it a name that ends in .gz, or unpack it first"),
        (rb"\xfd7zXZ\x00", "it is packed by xz: give it a name that ends in .xz, or unpack it first"),
        (rb"BZh[1-9]1AY&SY", "it is packed by bzip2: give it a name that ends in .bz2, or unpack it first"),
        (rb"\(\xb5/\xfd", "it is packed by zstd: give it a name that ends in .zst, or unpack it first"),
        (rb"7z\xbc\xaf|Rar!\x1a", "it is an archive: unpack it, and name a file of it"),
        (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", "it is a document of LibreOffice: save it as CSV in UTF-8"),
        (
            rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/|word/)",
            "it is a document of Office: give a spreadsheet a name that ends in .xlsx, save others as text in UTF-8",
        ),
        (rb"PK\x03\x04.{26}Index/", "it is a document of Numbers: export it as CSV in UTF-8"),
        (
            rb"PK\x03\x04",
            "it is a zip archive: unpack it, and name a file of it; if it is a spreadsheet, save it as CSV",
        ),
        (rb".{257}ustar", "it is a tar archive: unpack it (tar -xf), and name a file of it"),
        (
            rb"\xd0\xcf\x11\xe0",
            "it is an old or protected document of Office, (.xls) or (.doc): save it as CSV in UTF-8",
        ),
        (rb"PAR1", "it is a Parquet file: give it a name that ends in .parquet, or say --input-format parquet"),
        (rb"ARROW1", "it is an Arrow file: give it a name that ends in .arrow, or say --input-format arrow"),
        (rb"SQLite format 3", "it is an SQLite database: export the table as CSV"),
        (rb"%PDF-", "it is a PDF: extract its text first"),
        (rb"\x80[\x02-\x05]", "it is a pickle, which could run code: write it as CSV (DataFrame.to_csv)"),
        (rb"\x93NUMPY", "it is an array of NumPy: write its texts and labels as CSV"),
        (rb"\x89HDF", "it is an HDF5 file: write its texts and labels as CSV"),
        (rb"RD[AX][23]\n", "it is a file of R (.RData, .rds): write it as CSV (write.csv)"),
        (rb"Obj\x01", "it is an Avro file: convert it to JSON lines"),
        (rb"<stata_dta>|\$FL2@\(#\)", "it is a file of Stata or SPSS: export it as CSV in UTF-8"),
        (
            rb"version https://git-lfs\.github\.com/",
            "it is a pointer of Git LFS, not the file: git lfs pull fetches it",
        ),
    )
)
_DOCUMENTS = tuple(
    (re.compile(begin, re.IGNORECASE), what)
    for begin, what in (
        (
            r"<!doctype html|<html|<table[^>]*>\s*(<|$)",
            "an HTML page, no table; download the file itself, or save the table as CSV",
        ),
        (r"<\?xml", "XML, no table; export it as CSV or JSON lines"),
        (r"\{\\rtf\d", "a document (RTF); save it as text in UTF-8"),
        (
            r"From \S+ +(mon|tue|wed|thu|fri|sat|sun) .*\d\d:\d\d",
            "a mailbox (mbox); write each mail to a file of its own, in a folder for each label",
        ),
        (
            r"-- (mysql|mariadb|postgresql)|--\s*$|insert into \S+ *(\(|values)|(create|drop) table [^,\t]*[;(]",
            "an SQL dump, no table; let the database export the table as CSV",
        ),
        (r"@relation \S+\s*$", "an ARFF file of Weka; save it as CSV there"),
    )
)
_HEAD = 400  # bytes that are looked at


def refuse_binary(head: bytes, source: str, encoding: str, *, packed: bool = False) -> None:
    """Raise if these first bytes are none of text, or of text of another encoding; `packed` if they were unpacked."""
    if "a".encode(encoding) != b"a":
        return
    known = next((what for begin, what in _BINARY if begin.match(head)), None) or _wide(head[:_HEAD])
    if known:
        if packed and "packed by" in known.replace("gzipped", "packed by"):
            known = "it is packed twice: unpack it first"
        raise ReadError(f"{source}: this is not {encoding} text; {known}")


def refuse_document(first: str, source: str) -> None:
    """Raise if this first line that is not blank is none of a table, of JSON or of lines."""
    if what := next((what for begin, what in _DOCUMENTS if begin.match(first[:_HEAD])), None):
        raise ReadError(f"{source}: this is {what}")


def _wide(head: bytes) -> str:
    """Advice if every other byte is NUL, as in UTF-16 of most scripts; "" if not."""
    odd, even = head[1::2].count(0), head[::2].count(0)
    if not head or (odd + even) * 4 < len(head) or max(odd, even) < 4 * min(odd, even):
        return ""
    return (
        f"it looks like UTF-16 without a byte order mark: say --encoding {'utf-16-le' if odd > even else 'utf-16-be'}"
    )
