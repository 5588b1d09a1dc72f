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
    )
    from textcnn.estimator import TextCNNClassifier, cross_validate, load

__all__ = [
    "ColumnError",
    "DataError",
    "ModelFileError",
    "NotFittedError",
    "OutputError",
    "ReadError",
    "SettingsError",
    "TextCNNClassifier",
    "TextcnnError",
    "TrainingError",
    "VectorsError",
    "__version__",
    "cross_validate",
    "load",
]

_OF_ESTIMATOR = ("TextCNNClassifier", "cross_validate", "load")


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'textcnn' has no attribute {name!r}")
    home = "textcnn.estimator" if name in _OF_ESTIMATOR else "textcnn.errors"
    try:
        return getattr(import_module(home), name)
    except ModuleNotFoundError as error:
        from textcnn.requirements import advice

        raise ImportError(advice(error)) from error
