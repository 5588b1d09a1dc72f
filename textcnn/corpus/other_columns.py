"""The values of a column that is neither text nor label."""

import json

from textcnn.corpus.corpus import Corpus
from textcnn.corpus.record import scalar_text
from textcnn.errors import ColumnError

__all__ = ["column_values"]

_SHOWN = 20


def column_values(corpus: Corpus, wanted: str) -> tuple[str, list[str]]:
    """A column's name, and its value for each text without blanks around it, empty if a text has none.

    Args:
        corpus: read with its fields.
        wanted: the name, in upper or lower case; a number is that of a column where there are no names.

    Raises:
        ColumnError: there is no such column beside text and label.
    """
    names = list(dict.fromkeys(name for fields in corpus.fields for name, _ in fields))
    folded = (wanted.casefold(), f"column {wanted}")
    name = wanted if wanted in names else next((each for each in names if each.casefold() in folded), None)
    if name is None:
        raise ColumnError(f"{corpus.sources[0]}: there is no column {wanted!r} beside text and label; {_others(names)}")
    return name, [_text(dict(fields).get(name)) for fields in corpus.fields]


def _others(names: list[str]) -> str:
    more = " ..." if len(names) > _SHOWN else ""
    return f"there is {', '.join(map(repr, names[:_SHOWN]))}{more}" if names else "there is none at all"


def _text(value: object) -> str:
    """A value as text; a list or an object as JSON."""
    if value is None:
        return ""
    text = scalar_text(value)
    return json.dumps(value, ensure_ascii=False) if text is None else text.strip()
