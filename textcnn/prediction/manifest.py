"""What is finished: a file of JSON lines in the output folder, one for each output, which `--resume` reads.

An output counts as finished if it was made by the same version of this program, of the same model (SHA-256 of its
file), with the same options, from an input of the same size and time of change, and has the size that was written. The
bytes of inputs are not hashed: that would take as long as to answer them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from textcnn.errors import OutputError
from textcnn.prediction.one_file import FileResult, Prediction
from textcnn.prediction.plan import FileJob
from textcnn.version import __version__

__all__ = ["NAME", "Manifest", "run_key"]

NAME = "_textcnn.jsonl"  # of an underscore, so that who reads the folder as a table leaves it out


def run_key(prediction: Prediction) -> str:
    """What all answers depend on, but for their texts: of anything that is different, another one."""
    reading = prediction.reading._asdict() | {"learned": None}  # which is in the model
    facts = [__version__, prediction.digest, reading, asdict(prediction.policy)]
    return sha256(json.dumps(facts, default=sorted, sort_keys=True).encode()).hexdigest()


class Manifest:
    """The manifest of an output folder, for one way to answer."""

    def __init__(self, folder: Path, run: str) -> None:
        self.path, self.run = folder / NAME, run
        self._entries = self._read()

    def _read(self) -> dict[str, Mapping[str, Any]]:
        """The last entry of each output; a line that was cut off when the machine went down is none."""
        entries: dict[str, Mapping[str, Any]] = {}
        try:
            text = self.path.read_text("utf-8", "replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise OutputError(f"{self.path} cannot be read: {error.strerror or error}") from None
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                entries[entry["output"]] = entry
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
        return entries

    def finished(self, job: FileJob) -> bool:
        """Whether the output is there as it would be made now."""
        entry = self._entries.get(self._output(job))
        try:
            return entry is not None and entry == {**entry, **self._facts(job, Path(job.output).stat().st_size)}
        except OSError:
            return False

    def add(self, result: FileResult) -> None:
        """Enter an output that is there.

        Raises:
            OutputError: the manifest cannot be written.
        """
        entry = {**self._facts(result.job, result.bytes), "texts": result.texts, "answers": result.answers}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror or error}") from None

    def _facts(self, job: FileJob, size: int) -> dict[str, Any]:
        own = {"input": job.name, "size": job.size, "changed": job.changed, "format": job.form, "run": self.run}
        return {"output": self._output(job), "bytes": size, **own}

    def _output(self, job: FileJob) -> str:
        return Path(job.output).relative_to(self.path.parent).as_posix()
