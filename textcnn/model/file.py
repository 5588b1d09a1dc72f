"""A trained model and its file, `model.textcnn`: one safetensors file, data that cannot run code.

    metadata "textcnn"   JSON: format, settings, labels, calibration, held-out figures, fingerprint, and how the texts
                         were read, if that is known; in format 3 "pieces", if a network has some: over how many words
                         the maxima of each network go, 0 for a whole text
    text offsets order   the vocabulary; row 0 is the unknown word, then the words of the training texts, then others
    static.*             vectors in bytes with scales, of all rows from `first_static` on; or half bytes, in format 3
    N.trained.*          network N: vectors of the training texts' words, as training left them; "shared" names networks
                         that have those of the one before, in format 3
    N.static.scales      the scales that static vectors have for it, if they are its own
    N.S.filters, .bias   stage S of network N, laid out as in bank.py; of one stage their number may be its own
    N.layer.L.*          layer L of its head; of the last network it may have further columns, for the mean of the first
                         words of a text, as many as "opening" says, in format 3
    linear.*             the linear part beside the networks, see linear.py
    interpretation       n-grams of the training texts, for `inspect`, see interpretation.py
    sets.*               probabilities of right labels of held-out texts, for --sure, see conformal.py
    novelty.*            what tells texts of no known kind, see novelty.py
    reference.*          what held-out texts looked like, for `drift`, see reference.py
    risk.*               numbers of right and wrong answers among them, for --max-error, see selective.py

A file of another format, or one that does not fit together, is refused. The same training gives the same bytes, on
any number of threads: there is no date in it.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus.learned_reading import is_sound
from textcnn.corpus.record import LearnedReading
from textcnn.errors import ModelFileError, OutputError, SettingsError
from textcnn.labels import score_count
from textcnn.model.bank import Bank, Pooling
from textcnn.model.hashing import BUCKETS
from textcnn.model.linear import Join, LinearPart
from textcnn.model.model import MOST_PACKED, OPTIONAL, Member, Model
from textcnn.model.network import Network
from textcnn.settings import MOST_NETWORKS, checked, each_setting
from textcnn.storage.atomic import written_whole
from textcnn.storage.quantized import Quantized
from textcnn.storage.tensor_file import TensorFile, TensorFileError, read_tensors, write_tensors
from textcnn.text.vocabulary import Vocabulary, check_vocabulary

__all__ = ["FORMAT", "PLAIN", "format_of", "read_model", "write_model"]

FORMAT = 3  # of files with vectors of half a byte a number, or networks that share vectors or read texts by parts
PLAIN = 2  # of all others, which older programs read, too
_MEAN_OF_WORDS = "mean of words"  # what the last network is, if it is a sentence encoder of this kind
_OF_ENCODER = 2  # networks of a sentence encoder, at most, which stands beside those of the settings
_LONGEST_OPENING, _LONGEST_PIECE = 100, 10_000  # words
_DEEPEST = 8  # levels of lists and objects in the held-out figures
_OF_THE_MACHINE = {"threads"}  # settings that have no effect on what is learned
_KEYS = {"format", "version", "settings", "labels", "multi_label", "networks", "first_static"}


def format_of(model: Model) -> int:
    """The format of its file."""
    halves, opening = model.static.values.dtype == np.uint8, model.members[-1].network.pooling.opening
    return FORMAT if halves or opening or any(_pieces(model)) or _shared(model) else PLAIN


def _pieces(model: Model) -> list[int]:
    """Words of a piece, of each network; 0: its pooling does not go piece by piece."""
    return [member.network.pooling.piece for member in model.members]


def _shared(model: Model) -> list[int]:
    """The networks whose trained vectors are those of the one before."""
    trained = [member.trained for member in model.members]
    pairs = enumerate(pairwise(trained), 1)
    return [number for number, (one, own) in pairs if one is not None and own is not None and own.equals(one)]


def write_model(model: Model, path: Path) -> None:
    """Write the file whole or not at all.

    Raises:
        OutputError: it cannot be written, or its labels are so long that it could not be read.
    """
    shared = _shared(model)
    with written_whole(path) as file:
        try:
            described = json.dumps(_described(model, shared), ensure_ascii=False)
            write_tensors(file, {"textcnn": described}, _tensors(model, shared))
        except TensorFileError as error:
            raise OutputError(f"cannot write {path}: {error}") from error


def _described(model: Model, shared: list[int]) -> dict[str, Any]:
    """The metadata; what most models have no need to say is left out."""
    last, pieces = model.members[-1].network, _pieces(model)
    of_settings = model.settings["pooling"], *model.settings["widths"]
    some = {
        "segmented": model.segmented,
        "shared": shared,
        "encoder": _MEAN_OF_WORDS if (last.pooling.kind, *last.bank.widths) != of_settings else "",
        "opening": last.pooling.opening,
        "pieces": pieces if any(pieces) else [],
        "offsets": model.offsets,
        "reading": model.reading and model.reading._asdict(),
    }
    return {
        "format": format_of(model),
        "version": model.version,
        "settings": {name: value for name, value in model.settings.items() if name not in _OF_THE_MACHINE},
        "settled": model.settled,
        "labels": model.labels,
        "multi_label": model.multi_label,
        "numbered": model.numbered,
        "networks": len(model.members),
        "first_static": model.first_static,
        "temperature": model.join.temperature,
        "linear_weight": model.join.linear_weight,
        "thresholds": model.thresholds,
        "figures": model.figures,
        "fingerprint": model.fingerprint,
        **{name: value for name, value in some.items() if value},
    }


def _tensors(model: Model, shared: Sequence[int]) -> dict[str, NDArray[Any]]:
    tensors: dict[str, NDArray[Any]] = {
        "text": model.vocabulary.text,
        "offsets": model.vocabulary.offsets,
        "order": model.vocabulary.order,
        "static.values": model.static.values,
        "static.scales": model.static.scales,
    }
    for number, member in enumerate(model.members):
        if member.trained is not None and number not in shared:
            tensors[f"{number}.trained.values"] = member.trained.values
            tensors[f"{number}.trained.scales"] = member.trained.scales
        if member.static_scales is not None:
            tensors[f"{number}.static.scales"] = member.static_scales
        for stage, (filters, bias) in enumerate(zip(member.network.filters, member.network.biases, strict=True)):
            tensors[f"{number}.{stage}.filters"], tensors[f"{number}.{stage}.bias"] = filters, bias
        for layer, (weight, bias) in enumerate(member.network.layers):
            tensors[f"{number}.layer.{layer}.weight"], tensors[f"{number}.layer.{layer}.bias"] = weight, bias
    if model.linear is not None:
        tensors |= {f"linear.{name}": array for name, array in model.linear._asdict().items()}
    if model.packed_interpretation is not None:
        tensors["interpretation"] = model.packed_interpretation
    return tensors | dict(model.optional)


def read_model(path: Path) -> Model:
    """Read a model; what becomes of its file later does not matter to it.

    Raises:
        ModelFileError: it is missing, damaged, hostile, of another format, or no model at all; says which.
    """
    try:
        return _Reader(read_tensors(path)).model()
    except FileNotFoundError as error:
        raise ModelFileError(f"there is no model {path}; train one with: textcnn train FILE -o {path}") from error
    except OSError as error:
        raise ModelFileError(f"cannot read the model {path}: {error.strerror or error}") from error
    except (TensorFileError, SettingsError) as error:
        raise ModelFileError(f"{path} is not a model that can be read: {error}") from error


class _Reader:
    """Takes a model out of a file and believes nothing."""

    def __init__(self, file: TensorFile) -> None:
        self.tensors = file.tensors
        self.described = self._description(file.metadata.get("textcnn", ""))
        self.settings = self._settings(self.described["settings"])

    @staticmethod
    def _description(text: str) -> dict[str, Any]:
        try:
            described = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TensorFileError("it was not made by textcnn") from error
        if not isinstance(described, dict) or not isinstance(described.get("format"), int):
            raise TensorFileError("it was not made by textcnn")
        _check_format(described["format"])
        if not described.keys() >= _KEYS:
            raise TensorFileError("its description is damaged")
        return described

    @staticmethod
    def _settings(values: Any) -> dict[str, Any]:
        if not isinstance(values, dict):
            raise TensorFileError("its settings are damaged")
        return checked({**{setting.name: setting.default for setting in each_setting()}, **values})

    def model(self) -> Model:
        described, labels = self.described, self._labels()
        vocabulary = self._vocabulary()
        static, first = self._static(vocabulary)
        return Model(
            labels=labels,
            multi_label=bool(described["multi_label"]),
            numbered=described.get("numbered") is True,
            segmented=described.get("segmented") is True,
            settings=self.settings,
            settled=self._settled(),
            vocabulary=vocabulary,
            static=static,
            first_static=first,
            members=self._members(static, first, len(labels)),
            linear=self._linear(score_count(len(labels), multi_label=described["multi_label"])),
            join=Join(self._number("temperature"), self._number("linear_weight")),
            thresholds=self._thresholds(len(labels)),
            offsets=self._offsets(len(labels)),
            figures=self._figures(),
            fingerprint=_text(described.get("fingerprint")),
            version=_text(described["version"]),
            reading=self._reading(),
            packed_interpretation=self._interpretation(),
            optional={name: tensor for name, tensor in self.tensors.items() if name.startswith(OPTIONAL)},
        )

    def _settled(self) -> tuple[str, ...]:
        names = self.described.get("settled", [])
        if not _strings(names) or not self.settings.keys() >= set(names):
            raise TensorFileError("its settings are damaged")
        return tuple(names)

    def _labels(self) -> tuple[str, ...]:
        labels = self.described["labels"]
        if not _strings(labels) or len(set(labels)) != len(labels) or not labels:
            raise TensorFileError("its labels are damaged")
        return tuple(labels)

    def _reading(self) -> LearnedReading | None:
        described = self.described.get("reading")
        if described is None:
            return None
        learned = _learned_reading(described) if isinstance(described, dict) else None
        if learned is None or not is_sound(learned):
            raise TensorFileError("what it says of how texts are read is damaged")
        return learned

    def _vocabulary(self) -> Vocabulary:
        vocabulary = Vocabulary(self.tensor("text"), self.tensor("offsets"), self.tensor("order"))
        check_vocabulary(vocabulary)
        if not len(vocabulary):
            raise TensorFileError("its vocabulary is empty")
        return vocabulary

    def _static(self, vocabulary: Vocabulary) -> tuple[Quantized, int]:
        """The static vectors, and the row of the vocabulary with which they begin."""
        kinds = (np.int8, np.uint8) if self.described["format"] == FORMAT else (np.int8,)
        static, first = self._quantized("static", kinds), self.described["first_static"]
        if type(first) is not int or first < 0 or first + len(static.scales) != len(vocabulary):
            raise TensorFileError("its vectors do not fit its vocabulary")
        if self.settings["channels"] in ("static", "both") and first:
            raise TensorFileError("its static vectors are not complete")
        return static, first

    def tensor(self, name: str, shape: tuple[int, ...] | None = None) -> NDArray[Any]:
        """A tensor of this shape, with numbers throughout."""
        tensor = self.tensors.get(name)
        if tensor is None or (shape is not None and tensor.shape != shape):
            raise TensorFileError(f"its tensor {name!r} is missing or of the wrong shape")
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise TensorFileError(f"its tensor {name!r} has values that are not numbers")
        return tensor

    def floats(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        tensor = self.tensor(name, shape)
        if tensor.dtype != np.float32:
            raise TensorFileError(f"its tensor {name!r} is of the wrong type")
        return tensor

    def _quantized(self, name: str, kinds: tuple[type, ...] = (np.int8,)) -> Quantized:
        values = self.tensor(f"{name}.values")
        if values.ndim != 2 or values.dtype not in kinds or not values.shape[1]:
            raise TensorFileError(f"its vectors {name!r} are damaged")
        return Quantized(values, self.floats(f"{name}.scales", values.shape[:1]))

    def _members(self, static: Quantized, first: int, labels: int) -> tuple[Member, ...]:
        """All networks of the ensemble; `first` is the first row of the vocabulary that has static vectors."""
        networks, dimensions = self.described["networks"], static.dimensions
        if type(networks) is not int or not 1 <= networks <= MOST_NETWORKS + _OF_ENCODER:
            raise TensorFileError("its description is damaged")
        members: list[Member] = []
        for number in range(networks):
            before = members[-1].trained if members else None
            trained = self._trained(number, dimensions, first, before)
            scales = self._static_scales(number, len(static.scales))
            members.append(Member(self._network(number, dimensions, labels), trained, scales))
        return tuple(members)

    def _static_scales(self, number: int, rows: int) -> NDArray[np.float32] | None:
        name = f"{number}.static.scales"
        return self.floats(name, (rows,)) if name in self.tensors else None

    def _trained(self, number: int, dimensions: int, first: int, before: Quantized | None) -> Quantized | None:
        """Those of a network, or of the one before if it shares them."""
        if self.settings["channels"] == "static":
            return None
        if before is not None and number in self._shared():
            return before
        trained = self._quantized(f"{number}.trained")
        if trained.dimensions != dimensions or len(trained.scales) < first:
            raise TensorFileError("its trained vectors do not fit the others")
        return trained

    def _shared(self) -> list[int]:
        """The networks that have the vectors of the one before."""
        shared = self.described.get("shared", []) if self.described["format"] == FORMAT else []
        if not isinstance(shared, list) or not all(type(number) is int for number in shared):
            raise TensorFileError("its description is damaged")
        return shared

    def _network(self, number: int, dimensions: int, labels: int) -> Network:
        settings = self.settings
        last = number + 1 == self.described["networks"]
        if last and self.described.get("encoder") == _MEAN_OF_WORDS:
            settings = {**settings, "widths": (1,), "pooling": "mean"}
        bank = Bank(settings["widths"], self._filters(number, len(settings["widths"])))
        opening, piece = self._opening(settings["pooling"]) if last else 0, self._piece(number, settings)
        pooling = Pooling(settings["pooling"], settings["k"], opening, piece)
        inputs = [dimensions * (2 if settings["channels"] == "both" else 1), *[bank.maps] * (settings["stages"] - 1)]
        layers = pairwise([bank.features(pooling), *settings["hidden"], labels])
        return Network(
            bank=bank,
            pooling=pooling,
            filters=tuple(
                self.floats(f"{number}.{stage}.filters", (bank.slices, size)) for stage, size in enumerate(inputs)
            ),
            biases=tuple(self.floats(f"{number}.{stage}.bias", (bank.maps,)) for stage in range(len(inputs))),
            layers=tuple(self._layer(f"{number}.layer.{layer}", *sizes) for layer, sizes in enumerate(layers)),
        )

    def _opening(self, pooling: str) -> int:
        """Words with which a text begins whose mean the last network knows, beside that of all; 0: it does not."""
        opening = self.described.get("opening", 0) if self.described["format"] == FORMAT else 0
        most = _LONGEST_OPENING if pooling == "mean" else 0
        if type(opening) is not int or not 0 <= opening <= most:
            raise TensorFileError("its description is damaged")
        return opening

    def _piece(self, number: int, settings: Mapping[str, Any]) -> int:
        """Words over which the maxima of a network go; 0: over a whole text."""
        pieces = self.described.get("pieces") if self.described["format"] == FORMAT else None
        if pieces is None:
            return 0
        most = _LONGEST_PIECE if settings["pooling"] == "max" and settings["stages"] == 1 else 0
        sound = isinstance(pieces, list) and len(pieces) == self.described["networks"] and type(pieces[number]) is int
        if not sound or not 0 <= pieces[number] <= most:
            raise TensorFileError("its description is damaged")
        return int(pieces[number])

    def _filters(self, number: int, widths: int) -> int:
        """How many of each width a network has: the sentence encoder, if it is one of them, has more than others."""
        if not self.settings["filters"]:  # which stands for a number that is found, and it was
            raise TensorFileError("its description has no number of filters")
        return max(self.tensor(f"{number}.0.bias").size // widths, 1)

    def _layer(self, name: str, inputs: int, outputs: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.floats(f"{name}.weight", (outputs, inputs)), self.floats(f"{name}.bias", (outputs,))

    def _linear(self, outputs: int) -> LinearPart | None:
        if "linear.buckets" not in self.tensors:
            return None
        buckets, weights = self.tensor("linear.buckets"), self.tensor("linear.weights")
        idf = self.tensor("linear.idf", (BUCKETS,))
        if [buckets.dtype, weights.dtype, idf.dtype] != [np.uint32, np.int8, np.uint8] or buckets.ndim != 1:
            raise TensorFileError("its linear part is damaged")
        ordered = (buckets[1:] > buckets[:-1]).all() and buckets.max(initial=0) < BUCKETS
        if weights.shape != (len(buckets), outputs) or not ordered:
            raise TensorFileError("its linear part is damaged")
        return LinearPart(
            buckets, weights, self.floats("linear.steps", (outputs,)), idf, self.floats("linear.bias", (outputs,))
        )

    def _interpretation(self) -> NDArray[np.uint8] | None:
        """Not looked into here: an answer does not need it."""
        packed = self.tensors.get("interpretation")
        if packed is not None and (packed.dtype != np.uint8 or packed.ndim != 1 or len(packed) > MOST_PACKED):
            raise TensorFileError("its n-grams are damaged")
        return packed

    def _number(self, name: str) -> float:
        value = self.described.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1e-6 < value < 1e6:
            raise TensorFileError(f"its {name} is damaged")
        return float(value)

    def _figures(self) -> dict[str, Any]:
        figures = self.described.get("figures")
        if not _is_flat(figures, _DEEPEST):
            raise TensorFileError("its figures are nested too deeply")
        return figures if isinstance(figures, dict) else {}

    def _offsets(self, labels: int) -> tuple[float, ...]:
        offsets = self.described.get("offsets", [])
        if not isinstance(offsets, list) or len(offsets) not in (0, labels):
            raise TensorFileError("its offsets are damaged")
        if not all(type(value) in (int, float) and abs(value) < 1e3 for value in offsets):
            raise TensorFileError("its offsets are damaged")
        return tuple(float(value) for value in offsets)

    def _thresholds(self, labels: int) -> tuple[float, ...]:
        thresholds = self.described.get("thresholds", [])
        if not isinstance(thresholds, list) or len(thresholds) not in (0, labels):
            raise TensorFileError("its thresholds are damaged")
        if not all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in thresholds):
            raise TensorFileError("its thresholds are damaged")
        return tuple(float(value) for value in thresholds)


def _check_format(number: int) -> None:
    own = f"this one reads formats {PLAIN} and {FORMAT}"
    if number > FORMAT:
        raise TensorFileError(
            f"it is of format {number}, made by a newer textcnn; {own}: pip install --upgrade textcnn"
        )
    if number < PLAIN:
        raise TensorFileError(f"it is of format {number}, made by an older textcnn; {own}: train it again")


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _learned_reading(described: dict[str, Any]) -> LearnedReading | None:
    """None if something is of the wrong type."""
    texts, labels = (described.get(name, []) for name in ("texts", "labels"))
    separator, prefix = (described.get(name) for name in ("label_separator", "label_prefix"))
    if not (_strings(texts) and _strings(labels)):
        return None
    if not (isinstance(separator, str | None) and isinstance(prefix, str | None)):
        return None
    return LearnedReading(tuple(texts), tuple(labels), separator, prefix)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_flat(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested in no more levels than that: what goes through them may recurse."""
    if not isinstance(value, (list, dict)):
        return True
    items = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat(item, levels - 1) for item in items)
