"""All checks in order, for `textcnn check`: first the data, then small trainings on a sample of them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks import data, language, leakage, learning, overlap, sanity
from textcnn.checks.cost import cost
from textcnn.checks.filter_health import filter_checks
from textcnn.checks.label_errors import Suspect, label_errors
from textcnn.checks.small_runs import Sample, SmallRun, deal, take, train_small
from textcnn.checks.verdict import Check, Verdict, judge
from textcnn.corpus import Corpus
from textcnn.errors import TrainingError
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.near_copies import near_copies
from textcnn.text.tokens import folded
from textcnn.training.folds import FOLDS, splits
from textcnn.training.frozen import FEW

__all__ = ["CheckInput", "CheckSuite"]

_LEAST = 12  # texts
_OWN = 600  # learned texts that are answered, too


class CheckInput(NamedTuple):
    """What is to be checked."""

    corpus: Corpus
    values: Mapping[str, Any]  # settings that were given
    against: Corpus | None = None
    model: Model | None = None  # whose filters are looked at instead of those of the trainings
    data_only: bool = False


class CheckSuite:
    """The checks of some texts, one after the other, each as soon as it is made.

    Args:
        given: what is to be checked.
        tell: called with what is being done, before each step that takes time.

    Attributes:
        sample: the texts that are trained on.
        suspects: probable label errors, numbers counting in the sample, once that check has been made.
        near_copies: where texts stand that are copies or near-copies of each other, a list for each group, those of
            the other file too, once that check has been made.
    """

    def __init__(self, given: CheckInput, tell: Callable[[str], None] = lambda step: None) -> None:
        self.given, self.tell = given, tell
        self.settings = Settings(**given.values)
        self.random = np.random.default_rng(self.settings.seed)
        multi_label = self.settings.labels_per_text == "several"
        self.sample: Sample = take(data.with_words(given.corpus), self.random, multi_label=multi_label)
        self.suspects: list[Suspect] = []
        self.near_copies: list[list[str]] = []

    def __iter__(self) -> Iterator[Check]:
        yield from self._of_data()
        if self.given.data_only:
            return
        different = len(set(map(folded, self.sample.texts)))
        if different < _LEAST:
            figure = f"{different} different text{'s are' if different != 1 else ' is'} too few to train on"
            yield judge("training", Verdict.warning, figure, "find more")
            return
        if len(self.sample.classes) < 2:
            figure = f"only texts of {self.sample.classes[0]!r} have words: there is nothing to tell apart"
            yield judge("training", Verdict.error, figure, "is the right column read?")
            return
        try:
            yield from self._of_training()
        except TrainingError as error:
            yield judge("training", Verdict.error, f"it cannot go on: {error}", "fix this first")

    def _of_data(self) -> Iterator[Check]:
        corpus, settings = self.given.corpus, self.settings
        yield data.copies(corpus)
        yield data.contradictions(corpus)
        yield from self._of_near_copies()
        yield data.empty(corpus)
        yield data.lengths(corpus, settings.max_words)
        yield data.balance(corpus, settings.class_weight)
        spelling = data.label_spelling(corpus)
        if spelling.verdict is not Verdict.ok:
            yield spelling
        yield language.languages(corpus)
        yield language.encodings(corpus)
        if any(corpus.fields):
            yield leakage.columns(corpus)
        yield leakage.words(corpus)

    def _of_near_copies(self) -> Iterator[Check]:
        corpus, other = self.given.corpus, self.given.against
        self.tell("looking for near-copies")
        found = near_copies(corpus.texts)
        self.near_copies = _places(corpus, found.groups)
        yield data.near_copies(corpus, found)
        yield overlap.split(corpus, self._held_out(), found)
        if other is not None:
            both = overlap.joined(corpus, other)
            found = near_copies(both.texts)
            self.near_copies = _places(both, found.groups)
            yield overlap.against(corpus, other, found)
            yield overlap.label_sets(corpus, other)

    def _held_out(self) -> list[int]:
        """What `train` would hold out of these texts."""
        corpus = self.given.corpus
        settings = settled(self.settings, len(self.sample.classes))
        return list(map(int, splits(corpus.texts, corpus.labels, settings)[0][1]))

    def _of_training(self) -> Iterator[Check]:
        from textcnn.training.device import chosen_device

        sample, values = self.sample, self.given.values
        self.tell("gradients")
        yield sanity.gradients(sample, values)
        self.tell("learning a few texts by heart")
        yield sanity.learns_a_few(sample, values, self.random)
        folds, runs, few = deal(sample, self.random), list[SmallRun](), self._few()
        for fold in range(FOLDS):
            self.tell(f"training {fold + 1} of {FOLDS}")
            learned, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            runs.append(train_small(sample, learned, unseen, values, few=few))
        yield from self._of_runs(runs)
        self.tell("training with shuffled labels")
        yield sanity.shuffled(sample, folds, values, self.random, few=few)
        self.tell("training with fewer texts")
        yield sanity.more_texts(sample, runs[0], values, self.random, len(self.given.corpus.texts), few=few)
        seconds = sum(run.seconds for run in runs) / FOLDS
        device = chosen_device(self.settings)
        yield cost(runs[0].predictor, sample.texts, seconds, device, network=runs[0].has_network)

    def _few(self) -> bool:
        """Whether `train` would learn the last layer alone from so many texts."""
        frozen = self.settings.frozen
        return frozen == "on" or (frozen == "auto" and len(self.given.corpus.texts) <= FEW)

    def _of_runs(self, runs: list[SmallRun]) -> Iterator[Check]:
        sample, multi_label, first = self.sample, self.sample.multi_label, runs[0]
        out_of_fold = _OutOfFold.of(sample, runs)
        weights = self.settings.class_weight
        known = learning.Frequencies.of(sample.targets, weights, sample.classes, multi_label=multi_label)
        if first.has_network:
            figures = first.predictor.model.figures
            yield learning.start_loss(figures, known, multi_label=multi_label)
            yield learning.learning_rate(figures, len(figures["curve"]), self.settings.learning_rate)
        beats = learning.beats_guessing(sample, out_of_fold.probabilities, known)
        yield beats
        recall, counts = out_of_fold.recalls(sample)
        yield learning.swallowed(recall, counts, out_of_fold.loss, multi_label=multi_label, class_weight=weights)
        if first.has_network:
            yield learning.fits(self._fit(first))
        looked = Predictor(self.given.model) if self.given.model is not None else first.predictor
        if first.has_network or self.given.model is not None:
            yield from filter_checks(looked, sample.chosen(first.unseen))
        yield language.unknown_words(first.predictor, sample.chosen(first.unseen))
        if beats.verdict is not Verdict.ok:  # every label would be a suspect
            yield judge("label errors", Verdict.warning, "not looked for", "first the answers must beat guessing")
            return
        check, self.suspects = label_errors(
            sample.corpus, sample.classes, sample.targets, out_of_fold.probabilities, out_of_fold.missed(sample)
        )
        yield check

    def _fit(self, run: SmallRun) -> learning.Fit:
        sample, own = self.sample, run.learned[:_OWN]
        answers: NDArray[np.float32] = run.predictor.all_probabilities(sample.chosen(own))
        return learning.Fit(
            sanity.right(sample, own, run, answers),
            sanity.right(sample, run.unseen, run, run.probabilities),
            [row[1] for row in run.predictor.model.figures["curve"]],
            sum(member.network.filters[0].size for member in run.predictor.model.members),
            sum(data.words_of(sample.chosen(run.learned))),
        )


def _places(corpus: Corpus, groups: NDArray[np.int64]) -> list[list[str]]:
    """Where the texts of each group stand that has several, (B,) numbers of groups."""
    together: dict[int, list[str]] = defaultdict(list)
    for group, place in zip(groups.tolist(), corpus.places, strict=True):
        together[group].append(place)
    return [places for places in together.values() if len(places) > 1]


class _OutOfFold(NamedTuple):
    """What was answered for every text of the sample, by a model that had not seen it."""

    probabilities: NDArray[np.float32]  # (B, K)
    said: NDArray[np.bool_]  # labels that were chosen, (B, K)
    loss: float  # log loss, the mean of the runs

    @classmethod
    def of(cls, sample: Sample, runs: list[SmallRun]) -> "_OutOfFold":
        probabilities = np.zeros(sample.targets.shape, np.float32)
        said = np.zeros(sample.targets.shape, bool)
        column = {label: number for number, label in enumerate(sample.classes)}
        losses = []
        for run in runs:
            probabilities[run.unseen] = run.probabilities
            for number, row in zip(run.unseen.tolist(), run.probabilities, strict=True):
                said[number, [column[label] for label in run.predictor.choose(row)]] = True
            targets = sample.targets[run.unseen]
            losses.append(learning.log_loss(targets, run.probabilities, multi_label=sample.multi_label))
        return cls(probabilities, said, float(np.mean(losses)))

    def recalls(self, sample: Sample) -> tuple[dict[str, float], dict[str, int]]:
        """The recall of each label, and how many texts have it."""
        counts = sample.targets.sum(axis=0)
        recall = (self.said & sample.targets).sum(axis=0) / np.maximum(counts, 1)
        return dict(zip(sample.classes, recall.tolist(), strict=True)), dict(
            zip(sample.classes, counts.tolist(), strict=True)
        )

    def missed(self, sample: Sample) -> float:
        """The share of the given labels that were not answered."""
        return 1 - float(self.said[sample.targets].mean())
