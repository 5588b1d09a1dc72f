"""Text classification with a convolutional network over word vectors.

    from textcnn import TextCNNClassifier, load
    model = TextCNNClassifier().fit(texts, labels)
    model.predict(["free entry in a weekly competition"])
    model.save("model.textcnn")
    load("model.textcnn")

Nothing heavy is imported until it is used.
"""

from typing import TYPE_CHECKING, Any

from textcnn.version import __version__

if TYPE_CHECKING:
    from textcnn.crossvalidation.validate import cross_validate
    from textcnn.encoder import encode
    from textcnn.errors import (
        ColumnError,
        DataError,
        ModelFileError,
        NotFittedError,
        OutputError,
        ReadError,
        SettingsError,
        TextcnnError,
        TrainingError,
        VectorsError,
        WorkerError,
    )
    from textcnn.estimator import TextCNNClassifier, load
    from textcnn.model.predictor import Predictor

__all__ = [
    "ColumnError",
    "DataError",
    "ModelFileError",
    "NotFittedError",
    "OutputError",
    "Predictor",
    "ReadError",
    "SettingsError",
    "TextCNNClassifier",
    "TextcnnError",
    "TrainingError",
    "VectorsError",
    "WorkerError",
    "__version__",
    "cross_validate",
    "encode",
    "load",
]

_HOMES = {
    "Predictor": "textcnn.model.predictor",
    "TextCNNClassifier": "textcnn.estimator",
    "cross_validate": "textcnn.crossvalidation.validate",
    "encode": "textcnn.encoder",
    "load": "textcnn.estimator",
}  # of all others: textcnn.errors


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'textcnn' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES.get(name, "textcnn.errors")), name)
    except ModuleNotFoundError as error:
        from textcnn.requirements import advice

        raise ImportError(advice(error)) from error
