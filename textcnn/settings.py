"""Every hyper-parameter once: name, type, default, limits and what it means.

`Settings` is the constructor of the estimator, the options of `textcnn train`, the keys of a settings file and the
record inside a model file. A new hyper-parameter is one field here. Values are stored as given, as scikit-learn asks,
and checked by `check`, once, when training begins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from reprlib import Repr
from typing import Any, NamedTuple

from textcnn.errors import SettingsError

__all__ = [
    "GROUPS",
    "MOST_NETWORKS",
    "Limits",
    "Settings",
    "check",
    "checked",
    "describe_limits",
    "each_setting",
    "plain",
    "record",
    "settings_of",
    "settled",
]

MOST_NETWORKS = 20
_FEW_LABELS = 50
_ADVERSARIAL = 0.6
_LONGEST_LIST = 20
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60
GROUPS = ("Network", "Regularisation", "Word vectors", "Training")


class Limits(NamedTuple):
    """What a setting may be: one of some words, or a number (each number, if it is a list) within a range."""

    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    free: bool = False  # any text


def _setting(default: Any, group: str, meaning: str, limits: Limits) -> Any:
    return field(default=default, metadata={"group": group, "help": meaning, "limits": limits})


@dataclass(kw_only=True, eq=False, repr=False)
class Settings:
    """The hyper-parameters of a text CNN and of its training."""

    widths: tuple[int, ...] = _setting((1, 2, 3, 4), "Network", "widths of the filters, in words", Limits(1, 15))
    filters: int = _setting(0, "Network", "filters of each width; 0: by the number of labels", Limits(0, 2000))
    pooling: str = _setting(
        "max",
        "Network",
        "how the responses of a filter become one value",
        Limits(choices=("max", "kmax", "mean", "max+mean")),
    )
    k: int = _setting(2, "Network", "values kept by kmax, in the order of the text", Limits(1, 50))
    channels: str = _setting(
        "trained",
        "Network",
        "word vectors: trained further, kept static, both side by side, or random at the start",
        Limits(choices=("trained", "static", "both", "random")),
    )
    stages: int = _setting(1, "Network", "banks of filters, one on top of the other", Limits(1, 4))
    hidden: tuple[int, ...] = _setting((), "Network", "sizes of hidden layers before the output", Limits(1, 4096))

    linear: str = _setting(
        "on",
        "Network",
        "a linear part over words, their characters and their neighbours beside the network",
        Limits(choices=("on", "off")),
    )
    frozen: str = _setting(
        "auto",
        "Network",
        "learn the last layer alone, over filters that stay as they came with the vectors in the package; auto: if the "
        "texts are few, and beside a network if they are some hundreds",
        Limits(choices=("auto", "on", "off")),
    )

    dropout: float = _setting(0.5, "Regularisation", "share of features dropped", Limits(0, 0.95))
    word_dropout: float = _setting(0.0, "Regularisation", "share of words replaced by the unknown word", Limits(0, 0.9))
    max_norm: float = _setting(
        0.0, "Regularisation", "longest weight vector of an output; 0: no limit", Limits(0, 1000)
    )
    weight_decay: float = _setting(0.0, "Regularisation", "decay of filters and output weights", Limits(0, 1))
    adversarial: float = _setting(
        -1.0,
        "Regularisation",
        "length of the step that makes the word vectors of every second batch worse; 0: none; -1: by quality",
        Limits(-1, 100),
    )
    label_smoothing: float = _setting(0.0, "Regularisation", "share of probability given to all labels", Limits(0, 0.5))

    vectors: str = _setting(
        "auto",
        "Word vectors",
        "where they come from: auto, english, shared (many languages in one space), trained (by gensim on the training "
        "texts), none (random), the language (de) of an installed pack, gensim:NAME, or a file",
        Limits(free=True),
    )
    dimensions: int = _setting(100, "Word vectors", "length of vectors that are not read from a file", Limits(2, 1000))
    min_count: int = _setting(
        2, "Word vectors", "a word without a vector counts as unknown if it is rarer than this", Limits(1, 1000)
    )
    learned_filters: str = _setting(
        "on",
        "Word vectors",
        "start from the filters that come with the English vectors and have learned over them, not at random",
        Limits(choices=("on", "off")),
    )
    keep_words: int = _setting(
        40000,
        "Word vectors",
        "most words kept in the model that the training texts did not have; of vectors of several languages, of each",
        Limits(0, 1000000),
    )

    max_words: int = _setting(
        20000, "Training", "words of a text that are read; the rest is left out", Limits(1, 1000000)
    )
    labels_per_text: str = _setting(
        "auto", "Training", "one, several, or as the data look", Limits(choices=("auto", "one", "several"))
    )
    class_weight: str = _setting(
        "none",
        "Training",
        "weight of classes: none, balanced, or pairs such as 'spam=2,ham=1'",
        Limits(free=True),
    )
    outside: str = _setting(
        "",
        "Training",
        "label of texts that are of no kind: no class is learned from them, but what makes a text novel",
        Limits(free=True),
    )
    metric: str = _setting(
        "accuracy",
        "Training",
        "what answers are decided for: accuracy, macro-f1, mcc, or f1:LABEL; probabilities stay what they are",
        Limits(free=True),
    )
    quality: str = _setting(
        "good",
        "Training",
        "fast: trained once, on all texts but a tenth; good: thirds held out in turn, then on all, with adversarial "
        "steps and a linear part chosen for them",
        Limits(choices=("fast", "good")),
    )
    networks: int = _setting(1, "Training", "networks in the ensemble", Limits(1, MOST_NETWORKS))
    epochs: int = _setting(0, "Training", "epochs of training; 0: by the number of texts", Limits(0, 1000))
    schedule: str = _setting(
        "linear", "Training", "the learning rate stays, or falls to nothing", Limits(choices=("constant", "linear"))
    )
    patience: int = _setting(
        0,
        "Training",
        "early stopping: epochs without a better validation score; 0: all epochs are made",
        Limits(0, 1000),
    )
    batch_size: int = _setting(0, "Training", "texts in a step; 0: by their number", Limits(0, 10000))
    learning_rate: float = _setting(2.5e-3, "Training", "step size of Adam", Limits(1e-7, 1000))
    vector_learning_rate: float = _setting(2e-3, "Training", "step size for the word vectors", Limits(0, 1000))
    validation_share: float = _setting(
        0.0,
        "Training",
        "share of texts held out for validation; 0: one third after the other until 1,300 are held out; of more than "
        "6,000 texts, or of long ones, a tenth",
        Limits(0, 0.9),
    )
    refit: str = _setting(
        "auto",
        "Training",
        "train again on all texts once the held-out ones have been used; auto: by quality",
        Limits(choices=("auto", "on", "off")),
    )
    keep_ngrams: str = _setting(
        "on",
        "Training",
        "keep the n-grams of the training texts that were learned from in the model, for `inspect`",
        Limits(choices=("on", "off")),
    )
    seed: int = _setting(0, "Training", "seed of everything random", Limits(0, 2**32 - 1))
    threads: int = _setting(0, "Training", "threads; 0: as many as are free to this process", Limits(0, 256))
    device: str = _setting("auto", "Training", "where to train", Limits(choices=("auto", "cpu", "cuda", "mps")))


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Settings from values as programs have them, for those that differ from the defaults or for all.

    Raises:
        SettingsError: one of them is unknown, of the wrong type or out of its limits.
    """
    plain_values = {name: plain(name, value) for name, value in values.items()}
    check(plain_values)
    return Settings(**plain_values)


def settled(settings: Settings, labels: int) -> Settings:
    """The same settings with what they leave to quality and to the number of labels filled in."""
    fast = settings.quality == "fast"
    return replace(
        settings,
        filters=settings.filters or (100 if labels <= _FEW_LABELS else 200),
        adversarial=(0.0 if fast else _ADVERSARIAL) if settings.adversarial < 0 else settings.adversarial,
        refit=("off" if fast else "on") if settings.refit == "auto" else settings.refit,
    )


def each_setting() -> Iterator["Field[Any]"]:
    """All settings, in order; `metadata` has group, help and limits."""
    yield from fields(Settings)


def describe_limits(limits: Limits) -> str:
    """Say what is allowed: `max, kmax` or `1 to 15`."""
    if limits.free:
        return ""
    return ", ".join(limits.choices) if limits.choices else f"{_plain(limits.low)} to {_plain(limits.high)}"


def _plain(number: float | None) -> str:
    """A limit as people write it: 1000000, not 1e+06."""
    return str(int(number)) if number is not None and number == int(number) else f"{number:g}"


def check(values: Mapping[str, Any]) -> None:
    """Raise SettingsError for the first value that is unknown, of the wrong type or out of its limits."""
    known = {setting.name: setting for setting in each_setting()}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(f"there is no setting {_shown(name)}; the settings are {', '.join(known)}")
        _check_one(known[name], plain(name, value))


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a TOML or JSON file has them, in the types of their defaults: 5.0 may stand for 5 there.

    Raises:
        SettingsError: one of them is unknown, of the wrong type or out of its limits.
    """
    defaults = {setting.name: setting.default for setting in each_setting()}
    plain_values = {name: plain(name, value) for name, value in values.items()}
    for name, default in defaults.items():
        if name in plain_values and type(default) in (int, tuple):
            plain_values[name] = _whole(plain_values[name])
    check(plain_values)
    return {name: float(value) if isinstance(defaults[name], float) else value for name, value in plain_values.items()}


def _whole(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_whole_number(number) for number in value)
    return _whole_number(value)


def _whole_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def plain(name: str, value: Any) -> Any:
    """What a file can hold: numbers of NumPy as Python's, a list as a tuple, weights of classes as JSON.

    Only the outermost list is looked into: no setting is a list of lists, and `check` refuses one.

    Raises:
        SettingsError: the weight of a class is out of its limits or no number.
    """
    value = _of_numpy(value)
    if isinstance(value, Mapping) and name == "class_weight":
        return _weights(value)
    return tuple(map(_of_numpy, value)) if isinstance(value, (list, tuple)) else value


def _of_numpy(value: Any) -> Any:
    return value.tolist() if type(value).__module__ == "numpy" and hasattr(value, "tolist") else value


def _weights(weight_of: Mapping[Any, Any]) -> str:
    import json

    weights = {str(label): _of_numpy(weight) for label, weight in weight_of.items()}
    for label, weight in weights.items():
        if type(weight) not in (int, float) or not 0 <= weight < 1e6:
            raise SettingsError(
                f"class_weight: the weight of {_shown(label)} must be from 0 to 1000000, not {_shown(weight)}"
            )
    return json.dumps(weights, ensure_ascii=False)


def _shown(value: Any) -> str:
    """A value as a message shows it: cut, for a file may hold anything."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python does not write out a whole number of thousands of digits
        return "a number of thousands of digits"


def _check_one(known: "Field[Any]", value: Any) -> None:
    limits: Limits = known.metadata["limits"]
    if isinstance(known.default, tuple):
        _check_list(known.name, value, limits)
    elif not isinstance(known.default, str):
        _check_number(known.name, value, type(known.default), limits)
    elif not isinstance(value, str) or "\0" in value or (limits.choices and value not in limits.choices):
        raise SettingsError(f"{known.name} must be {describe_limits(limits) or 'text'}, not {_shown(value)}")


def _check_list(name: str, value: Any, limits: Limits) -> None:
    if not isinstance(value, tuple):
        raise SettingsError(f"{name} must be a list of numbers, not {_shown(value)}")
    if name == "widths" and not value:
        raise SettingsError("widths must have at least one number")
    if len(value) > _LONGEST_LIST:
        raise SettingsError(f"{name} must have at most {_LONGEST_LIST} numbers, not {len(value)}")
    for number in value:
        _check_number(name, number, int, limits)


def _check_number(name: str, value: Any, kind: type, limits: Limits) -> None:
    try:
        number = float(value)
        fits = not isinstance(value, (str, bool)) and (kind is float or isinstance(value, int))
    except (TypeError, ValueError, OverflowError):
        fits, number = False, 0.0
    assert limits.low is not None and limits.high is not None
    if not fits or not limits.low <= number <= limits.high:
        sort = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{name} must be {sort} from {describe_limits(limits)}, not {_shown(value)}")


def record(settings: Settings) -> dict[str, Any]:
    """The settings as they stand in a file."""
    return {setting.name: plain(setting.name, getattr(settings, setting.name)) for setting in each_setting()}
