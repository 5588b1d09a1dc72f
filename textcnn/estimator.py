"""TextCNNClassifier: the scikit-learn face of textcnn, with `load`.

It obeys scikit-learn's contract (Pipeline, GridSearchCV, cross_val_score, clone) and is saved without a pickle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from textcnn.answers import Answer, Policy, answer, explained
from textcnn.corpus import Record
from textcnn.corpus.given_texts import listed_texts
from textcnn.errors import DataError, ModelFileError, NotFittedError
from textcnn.evaluation.breakdown import PartScore, scores_by
from textcnn.evaluation.measured_texts import MeasuredTexts
from textcnn.insight.explain import Explanation
from textcnn.labels import are_numbers, indicator, label_sets, restored, sorted_names, spellings
from textcnn.model.file import read_model, write_model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settings_of

__all__ = ["ClassifierNotFittedError", "TextCNNClassifier", "load"]


class ClassifierNotFittedError(NotFittedError, SklearnNotFittedError):
    """Both families' way to say that `fit` comes first."""


@dataclass(kw_only=True, eq=False, repr=False)  # for a constructor of its own, which errors name
class TextCNNClassifier(ClassifierMixin, BaseEstimator, Settings):
    """A convolutional network over word vectors, for texts (Kim 2014).

    The parameters are those of `textcnn.settings.Settings`, keyword only; `textcnn train --help` lists them with their
    limits. Methods raise DataError where what they are given are no texts.

    Attributes:
        classes_: (K,) the labels, sorted; those of a table in the order of its columns.
        model_: the trained `textcnn.model.model.Model`.

    Examples:
        >>> from textcnn import TextCNNClassifier
        >>> texts = ["win a free prize", "see you at lunch", "free cash prize now", "lunch at noon then"] * 5
        >>> model = TextCNNClassifier(vectors="none", epochs=10).fit(texts, ["spam", "ham"] * 10)
        >>> model.predict(["a free prize", "see you at noon"]).tolist()
        ['spam', 'ham']
    """

    def fit(
        self,
        X: Iterable[str],
        y: Iterable[Any] | None,
        sample_weight: Iterable[float] | None = None,
        *,
        validation: tuple[Any, ...] | None = None,
        probabilities: Any = None,
        label_hints: Mapping[Any, str] | None = None,
        unlabelled: Iterable[str] | None = None,
        teacher: str | Path | None = None,
        callback: Callable[[Any], bool] | None = None,
    ) -> "TextCNNClassifier":
        """Learn from texts and their labels; a second `fit` forgets the first.

        Args:
            X: texts.
            y: a label for each text, or a list of labels for each text, or a table of zeros and ones (B, K); None if
                `probabilities` name the labels, of which the likeliest then is a text's own.
            sample_weight: how much each text counts, in all losses, in the calibration and in the held-out figures:
                one of weight 2 as if it was there twice. Only how weights compare matters; those of classes multiply
                them. If not given, all count the same.
            validation: texts and labels (and weights) that say how long to learn; if not given, parts of the texts are
                held out.
            probabilities: soft labels, which are learned in place of labels, against which the held-out figures count:
                an array (B, K) with a column for each label in the order of `classes_`, a data frame with columns
                named so, or for each text a mapping from labels to numbers, or None.
            label_hints: what labels mean, in words, by label; they help where texts are few.
            unlabelled: texts of the same kind without labels, of which 2,000 at most teach, too, where few have labels,
                unless answers to held-out texts are worse for it by more than chance.
            teacher: the name or folder of a sentence-transformers model, which says how probable each label of a text
                is, of those without labels, too, beside the sentence encoder of the package, if that is for such texts,
                and is left out where the latter alone is clearly better; answers do without it.
            callback: is told each event (textcnn.training.events.TrainingEvent); training ends, with the best
                checkpoint so far, when it returns True after a batch or an epoch.

        Raises:
            SettingsError: a parameter is out of its limits, a hint is for no label, or there is no such teacher.
            DataError: the texts, labels, probabilities or weights cannot be used.
            ModuleNotFoundError: a teacher needs sentence-transformers.
            TrainingError, VectorsError: see the messages.
        """
        from textcnn.training.fit import fit
        from textcnn.training.probabilities import soft_labels
        from textcnn.training.task import Dataset

        texts = listed_texts(X)
        y, soft = soft_labels(probabilities, y, len(texts), self.labels_per_text)
        if getattr(y, "shape", ())[1:] == (1,):
            warn("A column-vector y was passed when a 1d array was expected", DataConversionWarning, stacklevel=2)
        held = None if validation is None else _validation(validation)
        data = Dataset.of(
            texts,
            y,
            labels_per_text=self.labels_per_text,
            weights=sample_weight,
            validation=held,
            outside=settings_of({"outside": self.outside}).outside,
            soft=soft,
        )
        _check_validation(data)
        labels, names = data.labels, spellings(data.labels.classes)
        settings = settings_of(self._values(names))
        others: Sequence[str] = [] if unlabelled is None else listed_texts(unlabelled, empty=True)
        hints = {names.get(label, str(label)): words for label, words in (label_hints or {}).items()}
        callback = callback or (lambda event: False)
        training, said = data.training, None
        if teacher is not None:
            training, others, said = _taught(data, others, str(teacher), settings, hints, callback)
        result = fit(
            training,
            classes=labels.names,
            multi_label=labels.multi_label,
            settings=settings,
            validation=data.validation,
            outside=data.outside,
            callback=callback,
            hints=hints,
            unlabelled=others,
            said=said,
        )
        self.classes_ = labels.classes
        self.model_ = replace(result.model, numbered=are_numbers(labels.classes))
        self._predictor, self._table = Predictor(self.model_), labels.table
        return self

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float32]:
        """Calibrated probabilities (B, K), in the order of `classes_`.

        Raises:
            NotFittedError: `fit` comes first.
        """
        return self._fitted().all_probabilities(listed_texts(X, empty=True))

    def predict(self, X: Iterable[str]) -> NDArray[Any]:
        """The likeliest label of each text (B,); of a multi-label model a tuple of labels for each.

        Where `fit` was given a table of zeros and ones the answer is one, too: (B, K). A model file does
        not know of it.

        Raises:
            NotFittedError: `fit` comes first.
        """
        predictor = self._fitted()
        probabilities = predictor.all_probabilities(listed_texts(X, empty=True))
        if not self.model_.multi_label and not self._table and not self.model_.offsets:
            answers: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
            return answers
        chosen = predictor.choose_all(probabilities)
        if self._table:
            return indicator(chosen, predictor.labels).astype(int)
        if not self.model_.multi_label:
            column = {label: number for number, label in enumerate(predictor.labels)}
            decided: NDArray[Any] = self.classes_[[column[label] for (label,) in chosen]]
            return decided
        return self._listed(chosen)

    def _listed(self, chosen: Sequence[tuple[str, ...]]) -> NDArray[Any]:
        """Labels of each text, (B,), as `fit` was given them."""
        original = dict(zip(self.model_.labels, self.classes_.tolist(), strict=True))
        listed = np.empty(len(chosen), object)
        listed[:] = [tuple(original[name] for name in labels) for labels in chosen]
        return listed

    def predict_set(self, X: Iterable[str], sure: float = 0.95, *, per_label: bool = False) -> NDArray[Any]:
        """For each text (B,) a tuple of labels, of which the right one is one in about this share of cases.

        Conformal prediction on the out-of-fold answers of training, see textcnn.model.conformal; the likeliest label
        comes first. It holds for texts of the kind that was learned from.

        Args:
            X: texts.
            sure: the share of cases.
            per_label: whether this is to hold for the texts of each label, or for all texts together.

        Raises:
            NotFittedError: `fit` comes first.
            SettingsError: too few texts were held out in training to promise that.
            ModelFileError: the model knows nothing of the kind.
        """
        predictor, policy = self._fitted(), Policy(sure=sure, sure_per_label=per_label)
        choices = policy.choose(predictor, predictor.all_probabilities(listed_texts(X, empty=True)))
        return self._listed([choice.labels for choice in choices])

    def novelty(self, X: Iterable[str]) -> NDArray[np.float64]:
        """How unlike the training texts each text is, (B,), from 0 to 1: at most 1 % of held-out texts exceeded 0.99.

        Raises:
            NotFittedError: `fit` comes first.
            ModelFileError: the model does not know.
        """
        predictor = self._fitted()
        Policy(novel_above=1).check_model(predictor)
        _, values = predictor.all_seen(listed_texts(X, empty=True))
        assert values is not None
        return values

    def answer(
        self,
        texts: Iterable[str],
        *,
        top: int | None = 1,
        threshold: float | None = None,
        max_error: float | None = None,
        sure: float | None = None,
        sure_per_label: bool = False,
        otherwise: str | None = None,
        novel_above: float | None = None,
        novel_label: str | None = None,
        explain: bool = False,
    ) -> list[Answer]:
        """What `textcnn predict` says of each text; `as_dict` of an answer is its JSON object.

        Labels are text there, as in the model file, also where `fit` was given numbers.

        Args:
            texts: (B,) any texts.
            top: how many of the likeliest labels stand beside the answer; None: all.
            threshold: least probability of an answer.
            max_error: the threshold is one that bounds the share of wrong answers.
            sure: the answer is all labels of which the right one is one in this share of cases.
            sure_per_label: whether that is to hold for the texts of each label.
            otherwise: the answer where no label reaches the threshold; if not given, "unknown".
            novel_above: the answer for texts that are more novel is `novel_label`, if not given, "none".
            novel_label: see there.
            explain: whether answers come with their reasons.

        Raises:
            NotFittedError: `fit` comes first.
            SettingsError: one of them is out of its limits, or cannot be promised.
            ModelFileError: the model can promise nothing.
        """
        policy = Policy(
            top=top,
            threshold=threshold,
            max_error=max_error,
            sure=sure,
            sure_per_label=sure_per_label,
            otherwise=otherwise,
            novelty=True,
            novel_above=novel_above,
            novel_label=novel_label,
            explain=explain,
        )
        return list(answer(self._fitted(), [Record(text) for text in listed_texts(texts, empty=True)], policy))

    def score(self, X: Iterable[str], y: Iterable[Any], sample_weight: Iterable[float] | None = None) -> float:
        """Accuracy; of a multi-label model the share of texts whose labels are all right.

        Texts with the label `outside` are left out.

        Args:
            X: texts.
            y: their labels.
            sample_weight: how much each text counts; if not given, all count the same.

        Raises:
            NotFittedError: `fit` comes first.
            DataError: the texts, labels or weights cannot be used.
        """
        predictor = self._fitted()
        scored = self._scored(X, y, sample_weight)
        chosen = predictor.choose_all(predictor.all_probabilities(scored.texts))
        right = [set(one) == set(other) for one, other in zip(scored.labels, chosen, strict=True)]
        return float(np.average(right, weights=scored.weights))

    def score_by(
        self, X: Iterable[str], y: Iterable[Any], by: Iterable[Any], sample_weight: Any = None
    ) -> dict[Any, PartScore]:
        """Figures for the texts of each value in `by`: count, accuracy with its interval, macro F1 and log loss.

        Texts with the label `outside` are left out.

        Args:
            X: texts.
            y: their labels, as for `fit`.
            by: a value for each text: its customer, language, year ...; None and NaN count as one.
            sample_weight: how much each text counts.

        Raises:
            NotFittedError: `fit` comes first.
            DataError: there are more or fewer values than texts.
        """
        predictor = self._fitted()
        scored = self._scored(X, y, sample_weight)
        values = [None if value != value else value for value in (by.tolist() if hasattr(by, "tolist") else by)]
        count = len(scored.kept)
        if len(values) != count:
            raise DataError(f"{count} texts but {len(values)} values to tell them apart by: each needs its own")
        probabilities = predictor.all_probabilities(scored.texts)
        return scores_by(
            list(compress(values, scored.kept)),
            scored.labels,
            predictor.choose_all(probabilities),
            probabilities,
            predictor.labels,
            multi_label=self.model_.multi_label,
            weights=scored.weights,
        )

    def _scored(self, X: Iterable[str], y: Iterable[Any], sample_weight: Iterable[float] | None) -> MeasuredTexts:
        texts = listed_texts(X)
        labels = label_sets(y, len(texts), self.labels_per_text, self.classes_)
        return MeasuredTexts.of(texts, labels, sample_weight, self.model_.settings["outside"])

    def explain(self, text: str, label: Any = None, against: Any = None) -> Explanation:
        """Why a text gets its label and not the next likeliest: each word's contribution to the difference of logits.

        In a notebook the result shows itself, with the words shaded.

        Args:
            text: any text.
            label: whose logit, one of `classes_`; if not given, the first that `predict` gives, else the likeliest.
            against: why `label` and not this one; if not given, the likeliest other, or, of a multi-label model,
                nothing: then it is the label's own logit.

        Raises:
            NotFittedError: `fit` comes first.
            DataError: there is no such label.
        """
        predictor = self._fitted()
        (text,) = listed_texts([text])
        (probabilities,) = predictor.probabilities([text])
        names = ("" if given is None else self._name(given) for given in (label, against))
        return explained(predictor, text, probabilities, *names)

    def _name(self, label: Any) -> str:
        """What the model calls a label."""
        names = (name for known, name in spellings(self.classes_).items() if known == label)
        name = next(names, str(label))
        if name not in self.model_.labels:
            raise DataError(f"there is no label {label!r}, but {', '.join(map(repr, self.classes_.tolist()))}")
        return name

    def _values(self, names: dict[Any, str]) -> dict[str, Any]:
        """The parameters; classes that weights are for by what the model calls them."""
        values: dict[str, Any] = self.get_params(deep=False)
        weights = values["class_weight"]
        if isinstance(weights, Mapping):
            values["class_weight"] = {names.get(label, label): weight for label, weight in weights.items()}
        return values

    def save(self, path: str | Path) -> None:
        """Write the model file, whole or not at all.

        Raises:
            NotFittedError: `fit` comes first.
            OutputError: it cannot be written.
        """
        self._fitted()
        write_model(self.model_, Path(path))

    def _fitted(self) -> Predictor:
        if not hasattr(self, "model_"):
            raise ClassifierNotFittedError("this TextCNNClassifier has not learned yet: call fit(texts, labels) first")
        return self._predictor

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        tags.no_validation = True
        return tags


def load(path: str | Path) -> TextCNNClassifier:
    """Open a saved model; labels are texts, or numbers or booleans if they were, and parameters as they were given.

    Raises:
        ModelFileError: it is missing, damaged or of another format.
    """
    model = read_model(Path(path))
    classifier = TextCNNClassifier(
        **{name: model.settings[name] for name in model.settings if name not in model.settled}
    )
    classifier.model_ = model
    try:
        classifier.classes_ = restored(model.labels, model.numbered)
    except ValueError as error:
        raise ModelFileError("the labels of the model should be numbers, but are not") from error
    classifier._predictor, classifier._table = Predictor(model), False
    return classifier


def _validation(given: Any) -> tuple[list[str], Any, Any]:
    """Texts, labels and perhaps weights."""
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        raise DataError(f"validation must be (texts, labels) or (texts, labels, weights), not {given!r:.60}")
    texts, y, *weights = given
    return listed_texts(texts), y, weights[0] if weights else None


def _taught(
    data: Any, unlabelled: Sequence[str], teacher: str, settings: Settings, hints: Mapping[str, str], callback: Any
) -> tuple[Any, Sequence[str], Any]:
    """The texts as a teacher teaches them, those without labels that are left, and what it says of these."""
    from textcnn.training.events import TrainingEvent
    from textcnn.training.lesson import taught
    from textcnn.training.teacher import open_teacher

    labels = data.labels
    lesson = taught(
        data.training,
        unlabelled,
        open_teacher(teacher),
        teacher,
        labels.names,
        settings,
        multi_label=labels.multi_label,
        hints=hints,
    )
    for note in lesson.notes:
        callback(TrainingEvent("note", note=note))
    return lesson.labelled, lesson.unlabelled, lesson.said


def _check_validation(data: Any) -> None:
    """Refuse validation texts none of whose labels can be learned, and warn of labels that cannot."""
    if data.validation is None:
        return
    validated = {label for labels in data.validation.labels for label in labels}
    strange = sorted_names(validated - set(data.labels.names))
    shown = ", ".join(map(repr, strange[:5])) + (" ..." if len(strange) > 5 else "")
    if strange and len(strange) == len(validated):
        raise DataError(f"the validation texts have none of the labels of the training texts, but {shown}")
    if strange:
        warn(f"no training text has these labels of the validation texts: {shown}", UserWarning, stacklevel=3)
