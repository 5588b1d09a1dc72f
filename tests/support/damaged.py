"""Model files that say something else than what was trained."""

import json
from pathlib import Path

from textcnn.storage.tensor_file import read_tensors, write_tensors


def changed(path: Path, **values: object) -> None:
    """Rewrite the description of a model."""
    file = read_tensors(path)
    described = json.loads(file.metadata["textcnn"])
    described.update(values)
    tensors = {name: array.copy() for name, array in file.tensors.items()}
    with path.open("wb") as target:
        write_tensors(target, {"textcnn": json.dumps(described)}, tensors)
