"""Exports of annotation tools as plain objects with a text and its labels.

Where labels are wanted, what nobody has annotated is left out, and counted; an annotation that does not say which
labels a text has is a bad row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from textcnn.corpus.json_objects import Item, UnclearError
from textcnn.corpus.label_lists import are_spans, written_list
from textcnn.corpus.label_studio import is_task, label_studio
from textcnn.corpus.prodigy import are_annotations, prodigy
from textcnn.corpus.record import BadRow, Told
from textcnn.errors import ReadError

__all__ = ["Export", "find_export", "refuse_spans"]

_LABELS = {"label", "labels", "cats", "accept"}


class Export(NamedTuple):
    """An annotation tool, the key of the labels if it is known, and a function from its objects to plain ones."""

    name: str
    label: str | None
    plain: Callable[[Mapping[str, object]], Mapping[str, object] | None]  # None: not annotated; or an UnclearError

    def shown(self, items: Sequence[Item]) -> Sequence[Item]:
        """The first items, to choose columns by: as plain ones, if any can be."""
        made = (self._read(item, "") for item in items)
        return [item for item in made if isinstance(item, Item)] or items

    def read(self, items: Iterator[Item | BadRow], source: str, notes: list[str]) -> Iterator[Item | BadRow]:
        """The items as plain ones; at the end the notes say how many were left out."""
        left = count = 0
        for item in items:
            made = item if isinstance(item, BadRow) else self._read(item, source)
            count += 1
            left += made is None
            if made is not None:
                yield made
        if left:
            notes.append(f"{left} of {count} texts are left out, for nobody has annotated them")

    def _read(self, item: Item, source: str) -> Item | BadRow | None:
        try:
            values = self.plain(item.values)
        except UnclearError as unclear:
            return BadRow(item.line, f"{source}:{item.line}: {unclear.problem}", unclear.advice)
        return None if values is None else Item(item.line, dict(values))


def find_export(ahead: Sequence[Item], *, label: Told, labelled: bool, source: str) -> Export | None:
    """The annotation tool that has written these first objects, if one has, and how to read them.

    Args:
        ahead: the first objects.
        label: the key of the labels, if one was told.
        labelled: whether labels are wanted.
        source: for errors.

    Raises:
        ReadError: there is no annotation in them, or only such of parts of texts.
    """
    objects = [item.values for item in ahead]
    if any(map(is_task, objects)):
        return Export("Label Studio", *label_studio(objects, label=label, labelled=labelled, source=source))
    if not labelled:
        return None
    if label is None:
        _refuse_spans_alone(objects, source)
    return Export("Prodigy", *prodigy(objects, label=label)) if are_annotations(objects) else None


def _refuse_spans_alone(objects: Sequence[Mapping[str, object]], source: str) -> None:
    """Raise if there are labels of parts of texts where those of texts would be."""
    for key in ("label", "labels", "spans", "entities"):
        bare = [values.get(key) for values in objects if not (_LABELS - {key}) & values.keys()]
        refuse_spans(bare, key, source)


def refuse_spans(values: Sequence[object], name: str, source: str) -> None:
    """Raise if the first of these label fields that is not empty has labels of parts of the text."""
    first = next((value for value in values if value and value != "[]"), None)
    if are_spans(written_list(first.strip()) if isinstance(first, str) else first):
        raise ReadError(
            f'{source}: "{name}" labels spans of the texts (sequence labelling), and textcnn learns labels of whole '
            "texts; export those, or make a text of each span"
        )
