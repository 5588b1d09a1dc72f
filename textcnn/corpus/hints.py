"""What a first line looks like: whether it begins JSON, or a table though it is read as a plain line.

What is not needed for most lines is imported where it is: a cold prediction looks at one, too.
"""

import re

__all__ = ["json_format", "seen_format"]

_ARRAY = re.compile(r"\[\s*(?:\{|$)")
_MARKS = (",", ";", "\t", "|")
_LONGEST = 1000  # characters of a header


def json_format(first: str) -> str:
    """JSON lines or one array of objects, by how it begins; "" if it is neither."""
    if first.startswith("{"):
        return "jsonl"
    return "json" if _ARRAY.match(first) else ""


def seen_format(line: str) -> str:
    """The format that a line is of by its looks, though it is taken for a plain one; "" if it may well be one."""
    line = line.strip()
    if line.startswith("__label__"):
        return "fasttext"
    form = json_format(line)
    if form == "json" or (form and _is_object(line)):
        return form
    mark = next((mark for mark in _MARKS if mark in line[:_LONGEST] and _is_header(line.split(mark))), "")
    return {"": "", "\t": "tsv"}.get(mark, "csv")


def _is_header(cells: list[str]) -> bool:
    """Whether these are the names of columns, and no blanks around them, as around the commas of a sentence."""
    if any(cell != cell.strip() for cell in cells):
        return False
    from textcnn.corpus.header import heads_columns

    return heads_columns(cells, labelled=False)


def _is_object(line: str) -> bool:
    import json

    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
