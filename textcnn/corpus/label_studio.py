"""Exports of Label Studio: tasks with their data, and for each annotator what was chosen in which control.

    {"data": {"text": ...}, "annotations": [{"result": [{"from_name": "mood", "type": "choices",
                                                         "value": {"choices": ["glad"]}}]}]}

Annotations that were cancelled do not count. Of several annotators the labels count that more than half of them chose.

Source: labelstud.io/guide/export, the raw JSON format. Its JSON-MIN and CSV are tables like others.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from textcnn.corpus.json_objects import UnclearError
from textcnn.corpus.record import Told, scalar_text
from textcnn.errors import ReadError

__all__ = ["is_task", "label_studio"]

_Values = Mapping[str, object]


class _Result(NamedTuple):
    """What one annotator said in one control: labels of the whole text, or something of another kind."""

    control: str
    kind: str
    labels: frozenset[str] | None


def is_task(values: _Values) -> bool:
    """Whether an object is a task as Label Studio exports it."""
    return isinstance(values.get("data"), Mapping) and bool({"annotations", "completions"} & values.keys())


def label_studio(
    tasks: Sequence[_Values], *, label: Told, labelled: bool, source: str
) -> tuple[str | None, Callable[[_Values], _Values | None]]:
    """The key of the labels if there is one control, and a function from a task to a plain object."""
    if not labelled:
        return None, _data
    controls = _controls(tasks, source)
    return controls[0] if len(controls) == 1 and label is None else None, partial(_plain, controls)


def _controls(tasks: Sequence[_Values], source: str) -> list[str]:
    """Where labels of whole texts were chosen."""
    results = [result for task in tasks for annotation in _annotations(task) for result in annotation]
    controls = list(dict.fromkeys(result.control for result in results if result.labels is not None))
    if not results:
        raise ReadError(f"{source}: no text in this export of Label Studio is annotated")
    if not controls:
        kinds = ", ".join(dict.fromkeys(result.kind for result in results))
        raise ReadError(
            f"{source}: in this export of Label Studio there are no choices about whole texts, but {kinds}; "
            "annotate with Choices, for textcnn learns labels of whole texts"
        )
    return controls


def _data(task: _Values) -> _Values:
    data = task.get("data")
    return data if isinstance(data, Mapping) else {}


def _plain(controls: Sequence[str], task: _Values) -> _Values | None:
    """The data of a task, and under the name of each control what was chosen there."""
    annotations = _annotations(task)
    if not annotations:
        return None
    return {**_data(task), **{control: _agreed(control, annotations) for control in controls}}


def _annotations(task: _Values) -> list[list[_Result]]:
    """The results of each annotation that was not cancelled."""
    listed = _objects(task.get("annotations", task.get("completions")))
    return [
        [_result(each) for each in _objects(annotation.get("result"))]
        for annotation in listed
        if not annotation.get("was_cancelled")
    ]


def _objects(value: object) -> list[_Values]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _result(result: _Values) -> _Result:
    control, kind, value = str(result.get("from_name")), str(result.get("type")), result.get("value")
    if kind not in ("choices", "rating") or not isinstance(value, Mapping) or "start" in value:
        return _Result(control, kind, None)
    chosen = value.get(kind)
    labels = map(scalar_text, chosen if isinstance(chosen, list) else [chosen])
    return _Result(control, kind, frozenset(filter(None, labels)))


def _agreed(control: str, annotations: Sequence[Sequence[_Result]]) -> list[str]:
    """What more than half of the annotators chose there."""
    counts = Counter(label for results in annotations for label in _chosen(control, results))
    agreed = sorted(label for label, count in counts.items() if 2 * count > len(annotations))
    if counts and not agreed:
        raise UnclearError(
            f'the annotators do not agree about "{control}": {", ".join(map(repr, sorted(counts)))}',
            "settle it in Label Studio, or leave such texts out with --skip-bad-rows",
        )
    return agreed


def _chosen(control: str, results: Sequence[_Result]) -> frozenset[str]:
    """All labels that one annotator chose there."""
    chosen = (result.labels for result in results if result.control == control and result.labels)
    return frozenset().union(*chosen)
