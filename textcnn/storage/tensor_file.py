"""Named arrays in one file, in the safetensors format: data that cannot run code.

The format: 8 bytes with the length of a JSON header, the header, the arrays one after the other. The file is mapped
into memory, so that only what is used is read. Nothing in it is believed before it is checked: every length, type,
shape and place. The reader is our own because the library's takes longer to import than an answer takes.

Source: https://github.com/huggingface/safetensors, section "Format".
"""

import json
import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["TensorFile", "TensorFileError", "read_tensors", "write_tensors"]

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
_LONGEST_HEADER = 100_000_000
_ALIGNMENT = 64


class TensorFileError(Exception):
    """The file is not what it claims to be; the message says why and leaves the name of the file to the caller."""


class TensorFile(NamedTuple):
    """What a file holds."""

    metadata: dict[str, str]
    tensors: dict[str, NDArray[Any]]


def write_tensors(file: BinaryIO, metadata: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays in the order given; the same input gives the same bytes."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    place = 0
    for name, array in arrays.items():
        kind = _NAMES[array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [place, place + array.nbytes]}
        place += array.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    file.write(len(text).to_bytes(8, "little") + text)
    for array in arrays.values():
        file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())


def read_tensors(path: Path) -> TensorFile:
    """Map a file into memory and check all that it says about itself.

    Raises:
        TensorFileError: it is empty, cut off, damaged, hostile, or something else.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < 8:
            raise TensorFileError("it is empty" if not size else "it is cut off")
        data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    length = int.from_bytes(data[:8].tobytes(), "little")
    if length > _LONGEST_HEADER or length > size - 8:
        raise TensorFileError("it is cut off or not a tensor file")
    header = _header(data[8 : 8 + length].tobytes())
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise TensorFileError("its metadata is damaged")
    body = data[8 + length :]
    return TensorFile(metadata, {name: _tensor(name, entry, body) for name, entry in header.items()})


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise TensorFileError("its header is damaged") from error
    if not isinstance(header, dict):
        raise TensorFileError("its header is damaged")
    return header


def _tensor(name: str, entry: Any, body: NDArray[np.uint8]) -> NDArray[Any]:
    try:
        kind = np.dtype(_TYPES[entry["dtype"]])
        shape, (start, stop) = entry["shape"], entry["data_offsets"]
        numbers = [*shape, start, stop]
    except (KeyError, TypeError, ValueError) as error:
        raise TensorFileError(f"the entry of {name!r} is damaged") from error
    if (
        not isinstance(shape, list)
        or len(shape) > 8
        or not all(type(number) is int and 0 <= number < 2**48 for number in numbers)
    ):
        raise TensorFileError(f"the entry of {name!r} is damaged")
    if not start <= stop <= len(body) or math.prod(shape) * kind.itemsize != stop - start:
        raise TensorFileError(f"the size of {name!r} does not fit; the file is cut off or damaged")
    return body[start:stop].view(kind).reshape(shape)
