"""From labelled texts to a model: encode, hold out, train, keep the best, calibrate, measure."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

import textcnn
from textcnn.errors import SettingsError, TrainingError
from textcnn.lookup import Network, Pooling
from textcnn.metrics import measure
from textcnn.modelfile import Member, Model, settings_record
from textcnn.network.channels import Channels
from textcnn.network.model import Shape, TextCNN
from textcnn.predictor import Predictor, to_probabilities
from textcnn.settings import Settings
from textcnn.training.calibration import temperature
from textcnn.training.loop import Epoch, Part, Step, Trainer
from textcnn.training.split import hold_out
from textcnn.training.start import Start, begin
from textcnn.vectors.table import Quantized
from textcnn.vocabulary import Encoded, Vocabulary, encode

__all__ = ["Labelled", "Watch", "fit"]

Watch = Callable[["Step | Epoch | str"], bool]


class Labelled(NamedTuple):
    """Texts with the labels of each."""

    texts: Sequence[str]
    labels: Sequence[tuple[str, ...]]


def fit(
    train: Labelled,
    *,
    classes: Sequence[str],
    several: bool,
    settings: Settings,
    validation: Labelled | None = None,
    watch: Watch,
) -> Model:
    """Train a model.

    Args:
        train: at least two classes.
        classes: all labels, in the order of the model's.
        several: whether a text can have several labels.
        settings: checked already.
        validation: scored after each pass; if not given, a part of `train` is held out.
        watch: is told every Step, Epoch and note; training ends, with the best weights so far, when it returns True.

    Raises:
        TrainingError: there is nothing to learn from.
        VectorsError: the vectors cannot be read.
    """
    random = np.random.default_rng(settings.seed)
    texts = [*train.texts, *(validation.texts if validation else ())]
    labels = [*train.labels, *(validation.labels if validation else ())]
    encoded = encode(texts, settings.max_words)
    targets = _targets(labels, classes)
    if validation:
        learn, held = np.arange(len(train.texts)), np.arange(len(train.texts), len(texts))
    else:
        keys = [" ".join(text.lower().split()) for text in texts]
        learn, held = hold_out(
            keys, labels if not several else [each[:1] for each in labels], settings.validation_share, random
        )
    if not len(encoded.ragged.words):
        raise TrainingError("all texts are empty: there is no word to learn from")
    in_training = np.zeros(len(texts), bool)
    in_training[learn] = True

    def say(note: str) -> None:
        watch(note)

    with _torch_for(settings) as device:
        start = begin(
            encoded,
            np.repeat(in_training, encoded.ragged.lengths),
            settings,
            say,
        )
        trainer = _trainer(start, targets[learn], several, settings, classes, device)
        ragged = encoded.ragged._replace(words=start.rows[encoded.ragged.words].astype(np.int32))
        parts = [Part(ragged.take(part), targets[part]) for part in (learn, held)]
        history = _run(trainer, parts[0], parts[1] if len(held) else parts[0], settings, watch)
        model = _model(trainer, start, several, settings, classes)
    return _finished(model, encoded, targets, held if len(held) else learn, history, start, _fingerprint(train))


def _targets(labels: Sequence[tuple[str, ...]], classes: Sequence[str]) -> NDArray[np.float32]:
    """Rows of zeros and ones: (B, K). A label that is not among the classes has no column."""
    number = {label: place for place, label in enumerate(classes)}
    targets = np.zeros((len(labels), len(classes)), np.float32)
    for row, own in enumerate(labels):
        for label in own:
            if label in number:
                targets[row, number[label]] = 1
    return targets


@contextmanager
def _torch_for(settings: Settings) -> Iterator[str]:
    """Seed, threads and device, as they were before when the block ends."""
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if (device == "cuda" and not torch.cuda.is_available()) or (
        device == "mps" and not torch.backends.mps.is_available()
    ):
        raise SettingsError(f"device: there is no {device} on this machine; use --device cpu")
    before = torch.get_num_threads()
    torch.set_num_threads(settings.threads or 1)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            yield device
    finally:
        torch.set_num_threads(before)


def _trainer(
    start: Start,
    targets: NDArray[np.float32],
    several: bool,
    settings: Settings,
    classes: Sequence[str],
    device: str,
) -> Trainer:
    channels = Channels(torch.from_numpy(start.matrix).to(device), settings.channels)
    shape = Shape(
        dimensions=channels.dimensions,
        labels=len(classes),
        widths=settings.widths,
        filters=settings.filters,
        stages=settings.stages,
        pooling=settings.pooling,
        k=settings.k,
        hidden=settings.hidden,
    )
    network = TextCNN(shape, dropout=settings.dropout).to(device)
    share = np.clip(targets.mean(axis=0), 1e-4, 1 - 1e-4)
    prior = np.log(share / (1 - share)) if several else np.log(share)
    network.output.bias.data = torch.from_numpy(prior.astype(np.float32)).to(device)
    weights = class_weights(settings.class_weight, classes, targets)
    return Trainer(network, channels, settings, weights=weights, several=several)


def class_weights(
    wanted: str | Mapping[str, float] | None, classes: Sequence[str], targets: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The weight of each class in the loss: (K,). "balanced" is scikit-learn's n / (K · count)."""
    if wanted in ("none", None):
        return np.ones(len(classes), np.float32)
    if wanted == "balanced":
        counts = np.maximum(targets.sum(axis=0), 1)
        return np.asarray(len(targets) / (len(classes) * counts), np.float32)
    given = _weight_pairs(wanted) if isinstance(wanted, str) else dict(wanted or {})
    unknown = set(given) - set(classes)
    if unknown:
        raise SettingsError(f"class_weight names labels that the texts do not have: {', '.join(sorted(unknown))}")
    return np.array([given.get(label, 1.0) for label in classes], np.float32)


def _weight_pairs(text: str) -> dict[str, float]:
    try:
        if text.lstrip().startswith("{"):
            return {str(label): float(weight) for label, weight in json.loads(text).items()}
        pairs = [pair.rsplit("=", 1) for pair in text.split(",")]
        return {label.strip(): float(weight) for label, weight in pairs}
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"class_weight must be none, balanced, or pairs such as 'spam=2,ham=1', not {text!r}"
        ) from error


def _run(trainer: Trainer, train: Part, validation: Part, settings: Settings, watch: Watch) -> list[Epoch]:
    """Train until it stops getting better, or someone says stop; leave the best weights in place."""
    history: list[Epoch] = []
    waited = 0
    for row in trainer.rows(train, validation):
        stop = watch(row)
        if isinstance(row, Epoch):
            history.append(row)
            waited = 0 if row.best else waited + 1
        if stop or waited >= settings.patience:
            break
    trainer.restore()
    return history


def _model(trainer: Trainer, start: Start, several: bool, settings: Settings, classes: Sequence[str]) -> Model:
    """Take the weights out of torch, vectors in bytes, with the table's frequent words added."""
    words, static = _kept(start, settings.keep_words)
    keep_all = settings.channels in ("static", "both")
    if keep_all:
        seen = Quantized.of(start.matrix)
        static = Quantized(np.concatenate([seen.values, static.values]), np.concatenate([seen.scales, static.scales]))
    trained = trainer.channels.trained
    weights = {name: weight.cpu().numpy() for name, weight in trainer.network.state_dict().items()}
    network = Network(
        widths=tuple(settings.widths),
        pooling=Pooling(settings.pooling, settings.k),
        filters=tuple(weights[f"filters.{stage}"] for stage in range(settings.stages)),
        biases=tuple(weights[f"biases.{stage}"] for stage in range(settings.stages)),
        layers=tuple(
            (weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"])
            for layer in range(len(settings.hidden) + 1)
        ),
    )
    member = Member(network, None if trained is None else Quantized.of(trained.cpu().numpy()))
    return Model(
        labels=tuple(classes),
        several=several,
        settings=settings_record(settings),
        vocabulary=Vocabulary.of([*start.words, *words]),
        static=static,
        first_static=0 if keep_all else len(start.words),
        members=(member,),
        version=textcnn.__version__,
    )


def _kept(start: Start, most: int) -> tuple[list[str], Quantized]:
    """The table's most frequent words that the texts do not have."""
    dimensions = start.matrix.shape[1]
    if start.table is None:
        return [], Quantized(np.empty((0, dimensions), np.int8), np.empty(0, np.float32))
    own = set(start.words)
    words: list[str] = []
    rows: list[int] = []
    for row in range(len(start.table.vocabulary)):
        if len(rows) >= most:
            break
        word = start.table.vocabulary.word(row)
        if word not in own:
            words.append(word)
            rows.append(row)
    chosen = np.array(rows, np.int64)
    vectors = start.table.vectors
    return words, Quantized(vectors.values[chosen], (vectors.scales[chosen] * start.scale).astype(np.float32))


def _finished(
    model: Model,
    encoded: Encoded,
    targets: NDArray[np.float32],
    held: NDArray[np.int64],
    history: Sequence[Epoch],
    start: Start,
    fingerprint: str,
) -> Model:
    """Calibrate on the held-out part and write down how good the model is there."""
    from dataclasses import replace

    logits = Predictor(model).logits_of(encoded._replace(ragged=encoded.ragged.take(held)))
    degree = temperature(logits, targets[held], several=model.several)
    probabilities = to_probabilities(logits / degree, several=model.several)
    gold = [tuple(model.labels[place] for place in np.flatnonzero(row)) for row in targets[held]]
    report = measure(gold, probabilities, Predictor(model).choose, model.labels, several=model.several)
    figures = {
        "validation": report.figures(),
        "curve": [[row.loss, row.validation_loss, row.score] for row in history],
        "vectors": start.source,
        "known_words": start.known,
        "training_texts": len(targets) - len(held),
    }
    return replace(model, temperature=degree, figures=figures, fingerprint=fingerprint)


def _fingerprint(train: Labelled) -> str:
    """SHA-256 of the texts and labels, in order."""
    digest = hashlib.sha256()
    for text, labels in zip(train.texts, train.labels, strict=True):
        digest.update(json.dumps([text, labels]).encode())
    return digest.hexdigest()
