"""Files that can be read at once and have an end: no folder, pipe, socket or device."""

import errno
import stat
from io import FileIO
from pathlib import Path

__all__ = ["open_regular"]


def open_regular(path: Path) -> FileIO:
    """Open a file for reading, without a buffer.

    Opening a pipe would wait for somebody to write to it, and a device may never end.

    Raises:
        OSError: it is missing, or no file; says which.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # of a folder, the system says so itself
            raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file")
        return path.open("rb", buffering=0)
    except ValueError as error:  # NUL in the name
        raise OSError(errno.EINVAL, str(error)) from error
