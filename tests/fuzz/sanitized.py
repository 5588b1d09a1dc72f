"""The compiled loops with AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of their own.

They are compiled from the C that Cython left when the package was installed; without optimisation, which takes a
quarter of the time and sees more.
"""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SOURCES = _ROOT / "textcnn" / "compiled"
_BUILT = _ROOT / "build" / "sanitized"
_NAMES = ("adam", "convolution", "linear", "words")
_FLAGS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")


def environment_with_loops() -> dict[str, str]:
    """Build what is missing or old; the environment of a process that uses it.

    Raises:
        RuntimeError: there is no compiler, no sanitizer, or no C; says which.
    """
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise RuntimeError(f"there is no C compiler {compiler}")
    runtime = [_library(compiler, f"lib{name}.so") for name in ("asan", "stdc++")]
    for name in _NAMES:
        _build(compiler, name)
    return {
        **os.environ,
        "TEXTCNN_FUZZ_LOOPS": str(_BUILT),
        "LD_PRELOAD": " ".join(runtime),
        "PYTHONMALLOC": "malloc",  # so that what lies beyond a small object is seen, too
        # What Python leaves behind at its end is none of our business.
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=4000",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }


def use() -> None:
    """Make this process find them before those of the package."""
    import textcnn.compiled

    textcnn.compiled.__path__.insert(0, os.environ["TEXTCNN_FUZZ_LOOPS"])


def _library(compiler: str, name: str) -> str:
    asked = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=False)
    if not Path(asked.stdout.strip()).is_absolute():
        raise RuntimeError(f"{compiler} has no {name}")
    return asked.stdout.strip()


def _build(compiler: str, name: str) -> None:
    source, made = _SOURCES / f"{name}.c", _BUILT / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    if not source.exists():
        raise RuntimeError(f"there is no {source}: install the package with pip install --editable .")
    if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
        return
    _BUILT.mkdir(parents=True, exist_ok=True)
    options = ["-shared", "-fPIC", "-O0", "-g1", "-w", "-ffp-contract=off", f"-I{sysconfig.get_path('include')}"]
    command = [compiler, *options, *_FLAGS, str(source), "-o", str(made)]
    if subprocess.run(command, check=False).returncode:
        raise RuntimeError(f"{compiler} cannot compile {source} with {_FLAGS[0]}")
