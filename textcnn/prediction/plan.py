"""Which input file becomes which output file: the same name, below another folder, and in which format."""

from collections.abc import Iterable
from glob import has_magic
from pathlib import Path
from typing import NamedTuple

from textcnn.corpus.arrow import SUFFIXES
from textcnn.corpus.input_files import files_below, is_pattern, matching_files
from textcnn.corpus.lines import PACKED, source_name
from textcnn.errors import OutputError, ReadError, SettingsError
from textcnn.storage.atomic import real_path

__all__ = ["FileJob", "FilePlan", "plan_files", "refuse_existing"]

# The formats of answers to files of such names; the first ones are those of the files.
_SAME = {**SUFFIXES, ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_NEAREST = {".json": "jsonl", ".tsv": "csv", ".tab": "csv", ".xlsx": "csv", ".xlsm": "csv", ".txt": "tsv"}
_BY_FORMAT = {"tsv": "csv", "json": "jsonl", "fasttext": "tsv", "lines": "tsv"}  # others stay what they are
_ENDINGS = {
    "parquet": ".parquet",
    "arrow": ".arrow",
    "csv": ".csv",
    "tsv": ".tsv",
    "jsonl": ".jsonl",
    "label": ".txt",
    "fasttext": ".txt",
}
_NAMED = 3  # files in a message


class FileJob(NamedTuple):
    """A file to be answered."""

    name: str  # of the input, below the folder or the pattern that was given
    input: str
    output: str
    form: str  # of the output
    size: int  # bytes of the input
    changed: int  # when the input was, in nanoseconds


class FilePlan(NamedTuple):
    """All files, and which were left out since nobody knows their format."""

    jobs: list[FileJob]
    left_out: list[str]


def plan_files(given: str, output: Path, *, form: str | None = None, read_as: str = "auto") -> FilePlan:
    """The files that an input names, and where their answers go.

    Args:
        given: a file, a folder, or a pattern.
        output: the folder of the outputs.
        form: the format of answers; if not given, that of each input, or the nearest that keeps its columns.
        read_as: the format in which inputs are read, "auto" if each tells.

    Raises:
        ReadError: there is no such file, or it cannot be told in which format its answers should be.
        SettingsError: the output folder is no such place, or two outputs would have the same name.
    """
    base, files = _named_files(given)
    _refuse_place(given, base, output)
    whole_folder = Path(given).is_dir()
    jobs, left_out = [], []
    for file in dict.fromkeys(files):
        own = _own_form(file, read_as)
        if not own and whole_folder:
            left_out.append(source_name(file))
        elif not (form or own):
            raise ReadError(f"{source_name(file)}: its name does not tell its format; say --input-format, or --format")
        else:
            jobs.append(_job(file, base, output, form or own))
    _refuse_same(jobs)
    if not jobs:
        raise ReadError(f"{source_name(given)}: there is no file in it that is known to have texts")
    return FilePlan(jobs, left_out)


def _named_files(given: str) -> tuple[Path, Iterable[Path]]:
    """Where the names of outputs begin, and the files."""
    if given == "-":
        raise SettingsError("--output is for files; standard input is answered on standard output")
    if is_pattern(given):
        fixed = Path(given).parts
        first = next(number for number, part in enumerate(fixed) if has_magic(part))
        return Path(*fixed[:first]), matching_files(given)
    path = Path(given)
    if path.is_dir():
        return path, files_below(path)
    if not path.exists():
        raise ReadError(f"{source_name(given)}: there is no such file")
    return path.parent, [path]


def _refuse_place(given: str, base: Path, output: Path) -> None:
    """Answers must not come to lie where the next run would take them for texts."""
    if output.suffix.lower() in (*_SAME, *_NEAREST) and not output.is_dir():
        raise SettingsError(f"--output takes a folder, where answers get the names of their inputs, not {output}")
    if output.exists() and not output.is_dir():
        raise SettingsError(f"--output takes a folder, and {output} is a file")
    deep = Path(given).is_dir() or "**" in Path(given).parts
    if deep and real_path(base) in (real_path(output), *real_path(output).parents):
        raise SettingsError(f"--output {output} lies inside {base or '.'}, which is read; name a folder elsewhere")


def _own_form(file: Path, read_as: str) -> str:
    """The format of answers to a file, "" if it cannot be told."""
    if read_as != "auto":
        return _BY_FORMAT.get(read_as, read_as)
    suffix = _parts(file)[1].lower()
    return _SAME.get(suffix) or _NEAREST.get(suffix, "")


def _parts(file: Path) -> tuple[str, str, str]:
    """A name without endings, the ending of its format if it is known, and that of its packing."""
    name, packing = file.name, ""
    if file.suffix.lower() in PACKED:
        name, packing = file.stem, file.suffix
    suffix = Path(name).suffix
    known = suffix.lower() in (*_SAME, *_NEAREST)
    return (name.removesuffix(suffix), suffix, packing) if known else (name, "", packing)


def _job(file: Path, base: Path, output: Path, form: str) -> FileJob:
    below = file.relative_to(base)
    stem, suffix, packing = _parts(file)
    if _SAME.get(suffix.lower()) != form:
        name = f"{stem}{_ENDINGS[form]}{'' if form in ('parquet', 'arrow') else packing}"
        made = below.with_name(name)
    else:
        made = below
    try:
        stat = file.stat()
    except OSError as error:
        raise ReadError(f"{source_name(file)}: it cannot be read ({error.strerror})") from None
    return FileJob(below.as_posix(), str(file), str(output / made), form, stat.st_size, stat.st_mtime_ns)


def _refuse_same(jobs: list[FileJob]) -> None:
    outputs: dict[Path, FileJob] = {}
    for job in jobs:
        place = real_path(Path(job.output))
        if place in outputs:
            raise SettingsError(
                f"{outputs[place].input} and {job.input} would both become {job.output}; "
                "name them one after the other, with folders of their own"
            )
        outputs[place] = job
    for job in jobs:
        if real_path(Path(job.input)) in outputs:
            raise SettingsError(f"{job.input} would be overwritten by answers; name another folder for --output")


def refuse_existing(jobs: Iterable[FileJob]) -> None:
    """An error if an output is there already.

    Raises:
        OutputError: names the first ones.
    """
    there = [job.output for job in jobs if Path(job.output).exists()]
    if there:
        more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
        raise OutputError(
            f"{', '.join(there[:_NAMED])}{more}: there already; --resume keeps what the same model and options made of "
            "the same inputs, and makes the others anew; or name another folder"
        )
