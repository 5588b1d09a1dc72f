"""Named arrays in one file, in the safetensors format: data that cannot run code.

The format: 8 bytes with the length of a JSON header, the header, the arrays one after the other. Nothing in it is
believed before it is checked: every length, type, shape and place. The reader is our own because the library's takes
longer to import than an answer takes.

The arrays are read, not mapped into memory. What was checked must stay as it was, and a mapped file does not: another
file copied over it changes what a running program looks up, and if it is truncated the system kills the program.

Source: https://github.com/huggingface/safetensors, section "Format".
"""

import json
import math
import os
from collections.abc import Container, Iterable, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.storage.regular import open_regular

__all__ = [
    "Place",
    "State",
    "TensorFile",
    "TensorFileError",
    "fill",
    "read_tensors",
    "state",
    "tensors_in",
    "write_tensors",
]

_TYPES = {
    "U8": "<u1",
    "I8": "<i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "I64": "<i8",
    "U64": "<u8",
    "F64": "<f8",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
# Once parsed, a header takes up to thirty times its length: what a small file may have, and the part of a large one.
_LONGEST_HEADER, _HEADER_SHARE = 4_000_000, 16
_ALIGNMENT = 64
_BEYOND = 2**48  # all files and their tensors


class TensorFileError(Exception):
    """The file is not what it claims to be; the message says why and leaves the name of the file to the caller."""


class State(NamedTuple):
    """What tells a file from itself after a change."""

    size: int
    time: int  # of the last change, in nanoseconds


class Place(NamedTuple):
    """An array in a file."""

    kind: np.dtype[Any]
    shape: tuple[int, ...]
    first: int  # byte of the file

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * self.kind.itemsize


class TensorFile(NamedTuple):
    """The contents of a file."""

    metadata: dict[str, str]
    tensors: dict[str, NDArray[Any]]
    left: dict[str, Place]  # arrays that were not read
    state: State


def write_tensors(file: BinaryIO, metadata: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays in the order given; the same input gives the same bytes.

    Raises:
        TensorFileError: the header is so long that no reader would take it.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    place = 0
    for name, array in arrays.items():
        kind = _NAMES[array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [place, place + array.nbytes]}
        place += array.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    if len(text) > _longest_header(8 + len(text) + place):
        raise TensorFileError("the names in its header are too long for its size")
    file.write(len(text).to_bytes(8, "little") + text)
    for array in arrays.values():
        file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).data)


def read_tensors(path: Path) -> TensorFile:
    """Read a file and check all that it says about itself.

    Raises:
        TensorFileError: it is empty, cut off, damaged, hostile, something else, or is written to at the same time.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        return tensors_in(file)


def tensors_in(file: FileIO, leave: Container[str] = ()) -> TensorFile:
    """The same for an open file, of which some arrays may be left out.

    Raises:
        TensorFileError: as above.
        OSError: as above.
    """
    size, before = file.seek(0, 2), state(file)
    text = _header_text(file, size)
    header = _header(text)
    metadata = _metadata(header.pop("__metadata__", {}))
    places = {name: _place(name, entry, 8 + len(text), size) for name, entry in header.items()}
    _check_apart(places.values())
    tensors = {name: _array(file, place) for name, place in places.items() if name not in leave}
    if state(file) != before:
        raise TensorFileError("it was changed while it was read; try again")
    return TensorFile(metadata, tensors, {name: places[name] for name in places.keys() - tensors.keys()}, before)


def _check_apart(places: Iterable[Place]) -> None:
    """Tensors that share bytes would take more memory than the file."""
    stop = 0
    for place in sorted(places, key=lambda place: place.first):
        if place.size and place.first < stop:
            raise TensorFileError("its tensors overlap")
        stop = max(stop, place.first + place.size)


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise TensorFileError("its metadata is damaged")
    return value


def _header_text(file: FileIO, size: int) -> bytes:
    if size < 8:
        raise TensorFileError("it is empty" if not size else "it is cut off")
    length = int.from_bytes(_bytes(file, 0, 8), "little")
    if length > size - 8:
        raise TensorFileError("it is cut off or not a tensor file")
    if length > _longest_header(size):
        raise TensorFileError("its header is too long for its size")
    return _bytes(file, 8, length)


def _longest_header(size: int) -> int:
    """Of a file of so many bytes."""
    return _LONGEST_HEADER + size // _HEADER_SHARE


def state(file: FileIO) -> State:
    """The state of an open file."""
    status = os.fstat(file.fileno())
    return State(status.st_size, status.st_mtime_ns)


def fill(array: NDArray[Any], file: FileIO, first: int) -> bool:
    """Read an array that begins at this byte; whether the file has all of it."""
    left: Any = array.reshape(-1).view(np.uint8)
    file.seek(first)
    while len(left):
        count = file.readinto(left)
        if not count:
            return False
        left = left[count:]
    return True


def _array(file: FileIO, place: Place) -> NDArray[Any]:
    """An array that is read-only: what was checked stays so."""
    array: NDArray[Any] = np.empty(place.shape, place.kind)
    if not fill(array, file, place.first):
        raise TensorFileError("it was cut off while it was read")
    array.flags.writeable = False
    return array


def _bytes(file: FileIO, first: int, count: int) -> bytes:
    return _array(file, Place(np.dtype(np.uint8), (count,), first)).tobytes()


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise TensorFileError("its header is damaged") from error
    if not isinstance(header, dict):
        raise TensorFileError("its header is damaged")
    return header


def _place(name: str, entry: Any, first: int, size: int) -> Place:
    """Where an entry of the header says that its array is, in a file of `size` bytes whose arrays begin at `first`."""
    try:
        kind = np.dtype(_TYPES[entry["dtype"]])
        shape, (start, stop) = entry["shape"], entry["data_offsets"]
        numbers = [*shape, start, stop]
    except (KeyError, TypeError, ValueError) as error:
        raise TensorFileError(f"the entry of {name!r:.60} is damaged") from error
    if not _are_sizes(numbers) or not _is_shape(shape):
        raise TensorFileError(f"the entry of {name!r:.60} is damaged")
    place = Place(kind, tuple(shape), first + start)
    if not start <= stop <= size - first or place.size != stop - start:
        raise TensorFileError(f"the size of {name!r:.60} does not fit; the file is cut off or damaged")
    return place


def _are_sizes(numbers: list[Any]) -> bool:
    return all(type(number) is int and 0 <= number < _BEYOND for number in numbers)


def _is_shape(sizes: Any) -> bool:
    """Whether NumPy takes it, which refuses sizes whose product is too large even where one of them is zero."""
    return isinstance(sizes, list) and len(sizes) <= 8 and math.prod(max(size, 1) for size in sizes) < _BEYOND
