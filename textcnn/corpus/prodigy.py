"""Annotations of Prodigy, which are JSON lines with an answer each.

    {"text": ..., "label": "spam", "answer": "accept", "_input_hash": ...}            one label; reject: not this one
    {"text": ..., "options": [{"id": "a"}, ...], "accept": ["a"], "answer": "accept", ...}       choices

What was ignored is not annotated.

Source: prodi.gy/docs/api-interfaces, `classification` and `choice`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from textcnn.corpus.json_objects import UnclearError
from textcnn.corpus.record import Told

__all__ = ["are_annotations", "prodigy"]

_Values = Mapping[str, object]
_ANSWERS = ("accept", "reject", "ignore")


def are_annotations(objects: Sequence[_Values]) -> bool:
    """Whether objects are annotations of Prodigy, by its keys or, where someone has removed them, by the answers."""
    if any("_input_hash" in values and "answer" in values for values in objects):
        return True
    answers = [values.get("answer") for values in objects if not values.keys().isdisjoint(("label", "accept"))]
    return "accept" in answers and all(answer in _ANSWERS for answer in answers)


def prodigy(objects: Sequence[_Values], *, label: Told) -> tuple[str | None, Callable[[_Values], _Values | None]]:
    """The key of the labels, and a function that looks at the answer of an annotation."""
    key = str(label or _label(objects))
    found = label is None and any(key in values for values in objects)
    return key if found else None, partial(_accepted, key)


def _label(objects: Sequence[_Values]) -> str:
    """The key of the labels: the answer, where it says of each text whether it has the one label that there is."""
    if any("options" in values for values in objects):
        return "accept"
    answers = {str(values.get("answer")) for values in objects}
    one = len({str(values.get("label")) for values in objects}) == 1
    return "answer" if one and {"accept", "reject"} <= answers else "label"


def _accepted(key: str, values: _Values) -> _Values | None:
    if values.get("answer") == "ignore":
        return None
    if values.get("answer") == "reject" and key != "answer":
        raise UnclearError(
            'the label is not meant: in this annotation of Prodigy, "answer" is "reject"',
            """keep the accepted ones: jq -c 'select(.answer == "accept")' FILE > FILE.jsonl; """
            "or learn accept and reject, if all are about one label: --label-column answer",
        )
    return values
