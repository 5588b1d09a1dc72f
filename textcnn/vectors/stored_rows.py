"""Rows that stay in their file and are read when they are asked for: a table may be larger than memory.

They are read, not mapped. Where a mapped file is cut short the system kills who looks at it; here it is an error.
"""

import weakref
from io import FileIO
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import VectorsError
from textcnn.storage.quantized import unpacked
from textcnn.storage.tensor_file import Place, State, fill, state

__all__ = ["StoredRows"]

Run = tuple[int, int, int]  # the first of some neighbouring rows, and from where to where they go


class StoredRows:
    """A matrix in a file; as of an array, rows of it can be taken.

    Args:
        file: stays open as long as the matrix is there.
        place: of the matrix, within the file; of bytes without a sign each holds two numbers.
        was: the state of the file when that was found out.
    """

    ndim = 2

    def __init__(self, file: FileIO, place: Place, was: State) -> None:
        self.packed = place.kind == np.uint8  # in the file: of an array there is a number in each byte
        self._stored = place.shape[1]
        self.shape = (place.shape[0], self._stored * (1 + self.packed))
        self.dtype = np.dtype(np.int8) if self.packed else place.kind
        self._kind = place.kind
        self._file, self._first, self._was = file, place.first, was
        self.path = Path(file.name)
        self._lock = Lock()  # threads share the place in the file
        weakref.finalize(self, file.close)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Copies of rows: of a slice, or by their numbers, from 0 on.

        Raises:
            VectorsError: the file is not what it was.
        """
        if isinstance(rows, slice):
            first, stop, _ = rows.indices(len(self))
            return self._read([(first, 0, max(stop - first, 0))])
        return self._read(_runs(np.asarray(rows).tolist()))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def _read(self, runs: list[Run]) -> NDArray[Any]:
        found = np.empty((runs[-1][2] if runs else 0, self._stored), self._kind)
        try:
            with self._lock:
                whole = all(self._fill(found[at:end], row) for row, at, end in runs)
                same = state(self._file) == self._was
        except OSError as error:
            raise VectorsError(f"cannot read the vectors {self._file.name}: {error.strerror or error}") from error
        if not whole or not same:
            raise VectorsError(f"the vectors {self._file.name} were changed while they were in use; begin again")
        return unpacked(found) if self.packed else found

    def _fill(self, some: NDArray[Any], row: int) -> bool:
        return fill(some, self._file, self._first + row * self._stored * self._kind.itemsize)


def _runs(rows: list[int]) -> list[Run]:
    """Rows that lie together are read together."""
    starts = [at for at, row in enumerate(rows) if not at or row != rows[at - 1] + 1]
    return [(rows[at], at, end) for at, end in pairwise([*starts, len(rows)])]
