"""Inputs are tried in a child, a batch at a time; what becomes of it says whether one of them broke a promise.

A child may end in no other way than well: an exception, a signal, a report of AddressSanitizer, more memory or time
than is allowed are all faults of the input that it was at.
"""

import faulthandler
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

_COMPUTED, _WAITED = 60, 600  # seconds of one input; a machine may have other things to do
# Where modules are, and where a process learns of its memory and of its cores.
_IMPORTED = (*filter(None, sys.path), sys.prefix, sys.base_prefix, "/proc/self/", "/sys/fs/cgroup/")
_MEMORY = 4_000_000_000  # bytes of the child; what an input may take, the targets say


class Tally:
    """Faults of a target: said, and saved, each once."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.count = name, folder, 0
        self._known: set[str] = set()

    def add(self, target: ModuleType, number: int, fault: str) -> None:
        """Say what happened, and how it happens again; save the input."""
        self.count += 1
        kind = _kind(fault)
        if kind in self._known:
            return
        self._known.add(kind)
        again = f"python tests/fuzz/fuzz.py {self.name} --seed {number} --count 1"
        case = target.make(_random(self.name, number))
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{self.name}-{number}"
        path.with_suffix(".txt").write_text(f"{again}\n\n{fault}\n{case!r}\n", "utf-8", "backslashreplace")
        if data := getattr(case, "data", b""):
            path.with_suffix(".input").write_bytes(data)
        print(f"{self.name}: FAULT {kind}\n    again: {again}\n    saved: {path}.txt", flush=True)


def attempt(target: ModuleType, name: str, first: int, stop: int, seconds: float) -> tuple[int, str]:
    """Try inputs for so long; the number of the next one, and what was wrong with the one before that, if anything."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, tempfile.TemporaryFile() as said:
        outlet, inlet = os.pipe()
        child = os.fork()
        if not child:
            _try_all(target, name, range(first, stop), seconds, folder, said.fileno(), inlet)
        os.close(inlet)
        number = _last(outlet)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        fault = said.read().decode("utf-8", "replace")
    if not status:
        return number + 1, ""
    return number + 1, f"{fault}\n{_ending(status)}" if os.WIFSIGNALED(status) else fault


def _try_all(target: ModuleType, name: str, numbers: range, seconds: float, folder: str, said: int, inlet: int) -> None:
    """In the child: it says at which input it is, and never returns."""
    os.dup2(said, 2)
    sys.stderr = stream = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)  # as Python does by itself
    os.chdir(folder)
    if "TEXTCNN_FUZZ_LOOPS" not in os.environ:  # whose shadow memory is terabytes that nobody touches
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    end = time.monotonic() + seconds
    try:
        for number in numbers:
            os.write(inlet, b"%d\n" % number)
            signal.setitimer(signal.ITIMER_PROF, _COMPUTED)
            faulthandler.dump_traceback_later(_WAITED, exit=True)
            target.check(target.make(_random(name, number)))
            if time.monotonic() > end:
                break
    except BaseException:
        traceback.print_exc(file=stream)
        os._exit(1)
    os._exit(0)


def _random(name: str, number: int) -> Random:
    return Random(f"{name} {number}")


def _last(outlet: int) -> int:
    """The last number that comes out of a pipe."""
    rest = b""
    with os.fdopen(outlet, "rb") as numbers:
        while block := numbers.read(1 << 16):
            rest = (rest + block)[-100:]
    return int(rest.split()[-1])


def _ending(status: int) -> str:
    return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"


def _kind(fault: str) -> str:
    """By what a fault is known: its last line, or that of AddressSanitizer, and where in the package it happened."""
    lines = [line for line in fault.splitlines() if line.strip()] or ["it ended without a word"]
    reports = [line for line in lines if "ERROR: AddressSanitizer" in line or "runtime error" in line]
    places = [line.strip() for line in lines if "/textcnn/" in line and "File" in line]
    said = re.sub(r"\d+(\.\d+)?", "N", (reports or lines[-1:])[0].strip()[:200])
    return f"{said} | {places[-1] if places else ''}"


class CpuLimit:
    """A block that may compute for so long, whatever else the machine does."""

    def __init__(self, seconds: float, what: Any = "") -> None:
        self.seconds, self.what = seconds, what

    def __enter__(self) -> None:
        self.began = time.process_time()

    def __exit__(self, kind: Any, *error: Any) -> None:
        taken = time.process_time() - self.began
        if kind is None and taken > self.seconds:
            raise AssertionError(f"too slow: {taken:.1f} s instead of {self.seconds:.1f} {self.what}")


class MemoryLimit:
    """A block in which the whole process may come to so many bytes, its libraries included."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __enter__(self) -> "MemoryLimit":
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        return self

    @property
    def peak(self) -> int:
        """Bytes."""
        return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

    def __exit__(self, kind: Any, *error: Any) -> None:
        if kind is None and self.peak > self.limit:
            raise AssertionError(f"too much memory: {self.peak / 1e6:.0f} MB instead of {self.limit / 1e6:.0f}")


class Confined:
    """A block that reads one file, and what Python imports, and does nothing else to the machine."""

    _DEEDS = ("os.", "subprocess.", "socket.", "pickle.", "shutil.", "ctypes.dlopen")
    _HARMLESS = ("os.listdir", "os.scandir", "os.putenv")  # of imports
    _heard: ClassVar[list[str] | None] = None
    _hooked = False

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        if not Confined._hooked:  # a hook stays as long as the process
            Confined._hooked = True
            sys.addaudithook(Confined._hear)
        Confined._heard = []

    def __exit__(self, kind: Any, *error: Any) -> None:
        heard, Confined._heard = Confined._heard or [], None
        deeds = [deed for deed in heard if deed != f"open {self.path}"]
        if kind is None and deeds:
            raise AssertionError(f"it did more than to read its file: {deeds[:3]}")

    @classmethod
    def _hear(cls, event: str, arguments: tuple[Any, ...]) -> None:
        if cls._heard is None:
            return
        if event == "open":
            path, mode = str(arguments[0]), str(arguments[1])
            if not path.startswith(_IMPORTED) or set(mode) & set("wax+"):
                cls._heard.append(f"open {path}")
        elif event.startswith(cls._DEEDS) and event not in cls._HARMLESS:
            cls._heard.append(event)
