"""All checks in order, for `textcnn check`: first the data, then small trainings on a sample of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks import data, language, leakage, learning, overlap, sanity
from textcnn.checks.cost import cost
from textcnn.checks.filter_health import filter_checks
from textcnn.checks.label_errors import Suspect, suspects
from textcnn.checks.small_runs import Sample, Trial, deal, take, train_trial
from textcnn.checks.verdict import Check, Verdict, judge
from textcnn.corpus import Corpus
from textcnn.errors import TrainingError
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.tokens import folded
from textcnn.training.folds import FOLDS, splits

__all__ = ["Examination", "Question"]

_LEAST = 12  # texts
_OWN = 600  # learned texts that are answered, too


class Question(NamedTuple):
    """What is to be examined."""

    corpus: Corpus
    values: Mapping[str, Any]  # settings that were given
    against: Corpus | None = None
    model: Model | None = None  # whose filters are looked at instead of those of the trainings
    data_only: bool = False


class Examination:
    """The checks of some texts, one after the other; each is told as soon as it is made.

    Attributes:
        sample: the texts that are trained on.
        suspects: probable label errors, numbers counting in the sample, once that check has been made.
    """

    def __init__(self, question: Question, tell: Callable[[str], None] = lambda step: None) -> None:
        self.question, self.tell = question, tell
        self.settings = Settings(**question.values)
        self.random = np.random.default_rng(self.settings.seed)
        multi_label = self.settings.labels_per_text == "several"
        self.sample: Sample = take(question.corpus, self.random, multi_label=multi_label)
        self.suspects: list[Suspect] = []

    def __iter__(self) -> Iterator[Check]:
        yield from self._of_data()
        if self.question.data_only:
            return
        different = len(set(map(folded, self.sample.texts)))
        if different < _LEAST:
            figure = f"{different} different text{'s are' if different != 1 else ' is'} too few to train on"
            yield judge("training", Verdict.look, figure, "find more")
            return
        if len(self.sample.classes) < 2:
            figure = f"only texts of {self.sample.classes[0]!r} have words: there is nothing to tell apart"
            yield judge("training", Verdict.wrong, figure, "is the right column read?")
            return
        try:
            yield from self._of_training()
        except TrainingError as error:
            yield judge("training", Verdict.wrong, f"it cannot go on: {error}", "mend this first")

    def _of_data(self) -> Iterator[Check]:
        corpus, settings = self.question.corpus, self.settings
        yield data.copies(corpus)
        yield data.contradictions(corpus)
        yield overlap.split(corpus, self._held_out())
        if self.question.against is not None:
            yield overlap.against(corpus, self.question.against)
        yield data.empty(corpus)
        yield data.lengths(corpus, settings.max_words)
        yield data.balance(corpus, settings.class_weight)
        yield language.languages(corpus)
        yield language.encodings(corpus)
        if any(corpus.fields):
            yield leakage.columns(corpus)
        yield leakage.words(corpus)

    def _held_out(self) -> list[int]:
        """What `train` would hold out of these texts."""
        corpus = self.question.corpus
        settings = settled(self.settings, len(self.sample.classes))
        return list(map(int, splits(corpus.texts, corpus.labels, settings)[0][1]))

    def _of_training(self) -> Iterator[Check]:
        from textcnn.training.device import chosen_device

        sample, values = self.sample, self.question.values
        self.tell("gradients")
        yield sanity.gradients(sample, values)
        self.tell("learning a few texts by heart")
        yield sanity.learns_a_few(sample, values, self.random)
        folds, trials = deal(sample, self.random), []
        for fold in range(FOLDS):
            self.tell(f"training {fold + 1} of {FOLDS}")
            trials.append(train_trial(sample, np.flatnonzero(folds != fold), np.flatnonzero(folds == fold), values))
        yield from self._of_trials(trials)
        self.tell("training with shuffled labels")
        yield sanity.shuffled(sample, folds, values, self.random)
        self.tell("training with fewer texts")
        first = trials[0]
        yield sanity.more_texts(sample, first, values, self.random, len(self.question.corpus.texts))
        seconds = sum(trial.seconds for trial in trials) / FOLDS
        yield cost(first.predictor, sample.texts, seconds, chosen_device(self.settings))

    def _of_trials(self, trials: list[Trial]) -> Iterator[Check]:
        sample, multi_label = self.sample, self.sample.multi_label
        first = trials[0]
        figures = first.predictor.model.figures
        answers = np.zeros(sample.targets.shape, np.float32)
        for trial in trials:
            answers[trial.unseen] = trial.probabilities
        weighted = self.settings.class_weight != "none"
        yield learning.start_loss(figures, sample.prior, multi_label=multi_label, weighted=weighted)
        yield learning.learning_rate(figures, len(figures["curve"]), self.settings.learning_rate)
        beats = learning.beats_guessing(sample, answers)
        yield beats
        yield self._swallowed(trials)
        yield learning.fits(self._fit(first))
        looked = Predictor(self.question.model) if self.question.model is not None else first.predictor
        yield from filter_checks(looked, sample.chosen(first.unseen))
        yield language.unknown_words(first.predictor, sample.chosen(first.unseen))
        if beats.verdict is not Verdict.ok:  # every label would be a suspect
            yield judge("label errors", Verdict.look, "not looked for", "first the answers must beat guessing")
            return
        found, self.suspects = suspects(sample.corpus, sample.classes, sample.targets, answers)
        yield found

    def _swallowed(self, trials: list[Trial]) -> Check:
        sample = self.sample
        said = np.zeros(sample.targets.shape, bool)
        place = {label: column for column, label in enumerate(sample.classes)}
        losses = []
        for trial in trials:
            for number, row in zip(trial.unseen.tolist(), trial.probabilities, strict=True):
                said[number, [place[label] for label in trial.predictor.choose(row)]] = True
            losses.append(
                learning.log_loss(sample.targets[trial.unseen], trial.probabilities, multi_label=sample.multi_label)
            )
        counts = sample.targets.sum(axis=0)
        recall = (said & sample.targets).sum(axis=0) / np.maximum(counts, 1)
        return learning.swallowed(
            dict(zip(sample.classes, recall.tolist(), strict=True)),
            dict(zip(sample.classes, counts.tolist(), strict=True)),
            float(np.mean(losses)),
            multi_label=sample.multi_label,
        )

    def _fit(self, trial: Trial) -> learning.Fit:
        sample, own = self.sample, trial.learned[:_OWN]
        answers: NDArray[np.float32] = trial.predictor.all_probabilities(sample.chosen(own))
        return learning.Fit(
            sanity.right(sample, own, trial, answers),
            sanity.right(sample, trial.unseen, trial, trial.probabilities),
            [row[1] for row in trial.predictor.model.figures["curve"]],
            sum(member.network.filters[0].size for member in trial.predictor.model.members),
            sum(data.words_of(sample.chosen(trial.learned))),
        )
