"""Models by name. A file that changes is read again while the old model goes on; a damaged one is refused."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from textcnn.errors import ModelFileError
from textcnn.model.predictor import Predictor
from textcnn.serve.messages import ModelDescription

__all__ = ["Change", "ModelStore", "ServedModel"]

_PERIOD = 1.0  # seconds from one look at the files to the next
_FileState = tuple[int, int, int]


class ServedModel(NamedTuple):
    """A model as it is now; who answers with it keeps it, whatever takes its place."""

    predictor: Predictor
    description: ModelDescription

    @property
    def name(self) -> str:
        """By which it is asked for."""
        return self.description.name


class Change(NamedTuple):
    """What became of a file that has changed."""

    name: str  # of the model
    message: str
    taken: bool  # up, or refused


class ModelStore:
    """Models that are served, in order.

    Args:
        files: of each name.
        threads: of each model.

    Raises:
        ModelFileError: one of them cannot be read.
    """

    def __init__(self, files: Mapping[str, Path], threads: int = 0) -> None:
        self.files, self.threads = dict(files), threads
        self.callbacks: list[Callable[[Change], None]] = []  # of those who want to know
        self._states = {name: _state(path) for name, path in self.files.items()}
        self._models = {name: self._opened(name) for name in self.files}
        self._refused: dict[str, str] = {}  # why the file of a name is not taken up

    @property
    def all(self) -> list[ServedModel]:
        """All that there are."""
        return list(self._models.values())

    def find(self, name: str | None) -> ServedModel | None:
        """The model of a name, or the first; None if there is none of that name."""
        return self.all[0] if name is None else self._models.get(name)

    def refresh(self) -> None:
        """Take up the files that have changed."""
        for name, path in self.files.items():
            state = _state(path)
            if state in (None, self._states[name]):  # that one is missing for a moment is how some programs write
                continue
            self._states[name] = state
            try:
                self._models[name] = self._opened(name)
            except ModelFileError as error:
                self._refuse(name, error)
            else:
                self._refused.pop(name, None)
                self._tell(Change(name, f"{path} has changed, and is taken up", taken=True))

    def _refuse(self, name: str, error: ModelFileError) -> None:
        """Say what is wrong with a file, once."""
        if isinstance(error.__cause__, OSError):
            self._states[name] = None  # it may pass, and leave the file as it is: look again
        if self._refused.get(name) != str(error):
            self._refused[name] = str(error)
            self._tell(Change(name, f"{error}; the model that was there goes on", taken=False))

    def _tell(self, change: Change) -> None:
        for callback in self.callbacks:
            callback(change)

    async def watch(self) -> None:
        """Look at the files again and again."""
        while True:
            await asyncio.sleep(_PERIOD)
            await asyncio.to_thread(self.refresh)

    def _opened(self, name: str) -> ServedModel:
        predictor = Predictor.open(self.files[name], self.threads)
        predictor.make_ready()
        predictor.probabilities(["a first text"])  # takes longer than others, and shows whether answers are numbers
        now = datetime.now(UTC).isoformat(timespec="seconds")
        model = predictor.model
        return ServedModel(
            predictor, ModelDescription(name=name, labels=model.labels, multi_label=model.multi_label, loaded=now)
        )


def _state(path: Path) -> _FileState | None:
    """What changes when a file does; None if it is not there."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
