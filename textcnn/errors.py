"""Everything that textcnn raises on purpose, one family.

    TextcnnError                 catch this and nothing of ours escapes
    ├── SettingsError            a setting is out of its limits or of the wrong type (also a ValueError)
    ├── DataError                the text that was given cannot be used (also a ValueError)
    │   ├── ReadError            a file cannot be read as what it claims to be; names file and line
    │   └── ColumnError          the text or label column is missing or ambiguous
    ├── ModelFileError           a model file is missing, damaged, hostile or newer than this program
    ├── VectorsError             word vectors cannot be found or read; names file and line
    ├── TrainingError            training cannot begin or go on
    ├── WorkerError              who should do work elsewhere cannot be reached, or is killed again and again
    ├── NotFittedError           asked for an answer before `fit` (also scikit-learn's, see estimator.py)
    └── OutputError              the result cannot be written

A message says what is wrong, where, and what to do. Only the command line turns these into exit codes.
"""

__all__ = [
    "ColumnError",
    "DataError",
    "ModelFileError",
    "NotFittedError",
    "OutputError",
    "ReadError",
    "SettingsError",
    "TextcnnError",
    "TrainingError",
    "VectorsError",
    "WorkerError",
]


class TextcnnError(Exception):
    """Whatever textcnn raises on purpose."""


class SettingsError(TextcnnError, ValueError):
    """A setting is out of its limits or of the wrong type."""


class DataError(TextcnnError, ValueError):
    """The text that was given cannot be used."""


class ReadError(DataError):
    """A file cannot be read as what it claims to be."""


class ColumnError(DataError):
    """The text or label column is missing or ambiguous."""


class ModelFileError(TextcnnError):
    """A model file is missing, damaged, hostile or newer than this program."""


class VectorsError(TextcnnError):
    """Word vectors cannot be found or read."""


class TrainingError(TextcnnError):
    """Training cannot begin or go on."""


class WorkerError(TextcnnError):
    """Who should do work elsewhere cannot be reached, or is killed again and again."""


class NotFittedError(TextcnnError, ValueError, AttributeError):
    """An answer was asked for before `fit`."""


class OutputError(TextcnnError):
    """A result cannot be written."""
