"""Many files answered, by whoever does jobs, and entered into the manifest as they are finished."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from textcnn.distributed.executor import Executor, SerialExecutor
from textcnn.errors import OutputError
from textcnn.prediction.manifest import Manifest, run_key
from textcnn.prediction.one_file import FileEvent, FileResult, FileTask, Prediction, answer_file
from textcnn.prediction.plan import FileJob, refuse_existing

__all__ = ["ManyFiles"]


class ManyFiles(NamedTuple):
    """Files to be answered, and those that are finished."""

    left: list[FileJob]
    finished: list[FileJob]
    prediction: Prediction
    manifest: Manifest

    @classmethod
    def of(cls, jobs: Sequence[FileJob], folder: Path, prediction: Prediction, *, resume: bool) -> "ManyFiles":
        """Find out what is finished, if it may be; nothing is written but the folder made.

        Raises:
            OutputError: an output is there, and `resume` does not allow for that; or the folder cannot be made.
        """
        if not resume:
            refuse_existing(jobs)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror or error}") from None
        manifest = Manifest(folder, run_key(prediction))
        parts: tuple[list[FileJob], list[FileJob]] = ([], [])
        for job in jobs:
            parts[resume and manifest.finished(job)].append(job)
        return cls(*parts, prediction, manifest)

    def results(self, callback: Callable[[FileEvent], bool], executor: Executor | None = None) -> Iterator[FileResult]:
        """Answer those that are left, in order.

        Raises:
            TextcnnError: one cannot be answered; those before it are finished.
        """
        jobs = self.left if executor is None else map(_anywhere, self.left)
        tasks = [FileTask(job, self.prediction) for job in jobs]
        done = (executor or SerialExecutor()).run(answer_file, tasks, callback)
        for job, result in zip(self.left, done, strict=True):
            result = result._replace(job=job)
            self.manifest.add(result)
            yield result


def _anywhere(job: FileJob) -> FileJob:
    """The same in a process whose current folder may be another one."""
    return job._replace(input=str(Path(job.input).absolute()), output=str(Path(job.output).absolute()))
