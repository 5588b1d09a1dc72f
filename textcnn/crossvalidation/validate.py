"""Cross-validation from Python: what `textcnn cv` says, of lists of texts and labels."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from textcnn.corpus.given_texts import listed_texts
from textcnn.crossvalidation.folds import plan_folds
from textcnn.crossvalidation.past import times_of
from textcnn.crossvalidation.result import CrossValidation
from textcnn.crossvalidation.run import run_folds
from textcnn.distributed.executor import Executor
from textcnn.errors import DataError, SettingsError
from textcnn.settings import settings_of
from textcnn.training.task import Dataset

__all__ = ["cross_validate"]


def cross_validate(
    X: Iterable[str],
    y: Iterable[Any],
    *,
    folds: int = 5,
    repeats: int = 1,
    groups: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    sample_weight: Any = None,
    compare: Mapping[str, Mapping[str, Any]] | None = None,
    baseline: bool = False,
    keep_models: bool = False,
    callback: Callable[[Any], bool] | None = None,
    executor: Executor | None = None,
    **settings: Any,
) -> CrossValidation:
    """How good the model would be that `TextCNNClassifier(**settings)` makes of these texts: what `textcnn cv` says.

    Near-copies of a text are in the same fold. Labels are text in the result, also where they are numbers here.

    Args:
        X: texts.
        y: a label for each text, or a list of labels for each text, or a table of zeros and ones (B, K).
        folds: how many parts the texts are dealt into; each is held out once.
        repeats: how often they are dealt anew.
        groups: what each text belongs to, such as its author; a group is in one fold. None is a group of its own.
        times: when each text came, as numbers or dates; if given, a fold learns from what came before it.
        sample_weight: how much each text counts, above 0: (B,); if not given, all count the same.
        compare: settings by the name of a configuration, on top of the others; all are measured on the same folds.
        baseline: whether TF-IDF with a linear SVM is measured, too.
        keep_models: whether the models of the first repeat are kept in the result.
        callback: is told each event; trainings end when it returns True, and complete folds are the result.
        executor: does the trainings; by default as many processes as are worth it.
        settings: those of every model; `seed` deals the folds, too.

    Raises:
        SettingsError: a parameter is out of its limits.
        DataError: the texts, labels, groups or times cannot be used.
        TrainingError, VectorsError: see the messages.

    Examples:
        >>> from textcnn import cross_validate
        >>> texts = ["win a free prize", "see you at lunch", "free cash prize now", "lunch at noon then"]
        >>> texts = [f"{text} {number}" for number in range(5) for text in texts]
        >>> result = cross_validate(texts, ["spam", "ham"] * 10, folds=2, vectors="none", epochs=10)
        >>> result.figures["accuracy"].value
        1.0
    """
    configurations = {name: settings_of({**settings, **own}) for name, own in (compare or {"textcnn": {}}).items()}
    if any(one.outside for one in configurations.values()):
        raise SettingsError("outside: texts of no kind are in no fold; leave them, and the setting, out")
    first, texts = next(iter(configurations.values())), listed_texts(X)
    data = Dataset.of(texts, y, labels_per_text=first.labels_per_text, weights=sample_weight)
    if len(data.training.texts) < len(texts):
        raise DataError("sample_weight: a text of weight 0 counts for nothing; leave it out")
    plan = plan_folds(
        texts,
        data.training.labels,
        folds=folds,
        repeats=repeats,
        groups=None if groups is None else list(groups),
        times=None if times is None else times_of(list(times)),
        seed=first.seed,
    )
    return run_folds(
        data.training,
        plan,
        configurations,
        classes=data.labels.names,
        multi_label=data.labels.multi_label,
        baseline=baseline,
        keep_models=keep_models,
        callback=callback or (lambda event: False),
        executor=executor,
    )
