"""What gensim's downloader can fetch, when the user names it.

Of a package only the data file is used, which is gzipped text or word2vec's binary form. Each comes with a program
that would load it; that is never run.
"""

import logging
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOBase
from pathlib import Path
from typing import Any, NamedTuple

from textcnn.errors import VectorsError
from textcnn.vectors.progress import Progress

__all__ = ["Offer", "fetch", "offers"]

_PATIENCE = 20.0  # seconds that a server may keep silent
_DONE = re.compile(r"([\d.]+)/([\d.]+)MB")


class Offer(NamedTuple):
    """Vectors that gensim can fetch."""

    name: str
    words: int
    dimensions: int
    megabytes: float  # of the download
    facts: dict[str, str]  # licence, description, source


def offers() -> list[Offer]:
    """All that can be fetched, as gensim's list on the web says, or its last copy on this machine.

    Raises:
        VectorsError: there is neither.
    """
    from gensim import downloader

    try:
        with _gensim_quiet():
            models = downloader.info()["models"]
        return [_offer(name, about) for name, about in sorted(models.items()) if not name.startswith("__")]
    except Exception as error:  # whatever networks, proxies and changed lists may raise
        raise VectorsError(
            "gensim's list of vectors cannot be reached; is there a network? (https://raw.githubusercontent.com)"
            " What is on this machine can be used without: english, or a file"
        ) from error


def _offer(name: str, about: dict[str, Any]) -> Offer:
    facts = {
        "licence": about.get("license"),
        "about": about.get("description"),
        "source": about.get("base_dataset"),
        "from": f"gensim:{name}",
    }
    said = {key: " ".join(str(value).split()) for key, value in facts.items() if value}
    dimensions = int((about.get("parameters") or {}).get("dimension") or 0)
    return Offer(name, int(about.get("num_records") or 0), dimensions, float(about.get("file_size") or 0) / 1e6, said)


def fetch(name: str, progress: Progress) -> tuple[Path, dict[str, str]]:
    """Download a package unless it is there, and name its data file and what is known of it.

    Raises:
        VectorsError: there is no network, no such name, or the download is damaged.
    """
    from gensim import downloader

    there = Path(downloader.BASE_DIR) / name / f"{name}.gz"
    if re.fullmatch(r"[\w.-]+", name) and there.is_file():
        return there, {"from": f"gensim:{name}"}
    known = {each.name: each for each in offers()}
    if name not in known:
        raise VectorsError(f"gensim has no vectors {name!r}; it has {', '.join(known)}")
    try:
        with _gensim_quiet(_Report(f"downloading {name}", progress)):
            path = Path(downloader.load(name, return_path=True))
    except Exception as error:  # as above
        raise VectorsError(f"cannot download {name!r}: {error or type(error).__name__}") from error
    if not path.is_file():
        raise VectorsError(f"the download of {name!r} is not complete; remove {path.parent} and try again")
    return path, known[name].facts


class _Report(TextIOBase):
    """Where gensim prints its progress, which becomes ours."""

    def __init__(self, what: str, progress: Progress) -> None:
        self.what, self.progress = what, progress

    def write(self, text: str, /) -> int:
        found = _DONE.search(text)
        if found:
            done, total = map(float, found.groups())
            self.progress(self.what, min(done / max(total, 0.1), 1.0))
        return len(text)


@contextmanager
def _gensim_quiet(report: TextIOBase | None = None) -> Iterator[None]:
    """Keep gensim from printing, logging what it survives, waiting for ever, and leaving half a download in /tmp."""
    log = logging.getLogger("gensim.downloader")
    before, disabled, folder = socket.getdefaulttimeout(), log.disabled, tempfile.tempdir
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        socket.setdefaulttimeout(_PATIENCE)
        log.disabled, tempfile.tempdir = True, scratch
        try:
            with redirect_stdout(report or sys.stderr):
                yield
        finally:
            socket.setdefaulttimeout(before)
            log.disabled, tempfile.tempdir = disabled, folder
