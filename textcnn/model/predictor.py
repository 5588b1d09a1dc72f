"""Answers from a model, with numpy alone: the path of `textcnn predict`.

Texts go through in groups that are bounded in words, so memory does not grow with their number; what a text gets does
not depend on the others in its group.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.threads import free_cores
from textcnn.corpus.record import LearnedReading
from textcnn.errors import ModelFileError
from textcnn.labels import margins
from textcnn.model.file import read_model
from textcnn.model.hashing import distinct_spellings, features
from textcnn.model.model import Model, Rows
from textcnn.model.novelty import Likeness, Novelty, unseen_shares
from textcnn.text.lexicon import encode, grouped
from textcnn.text.ragged import Encoded
from textcnn.text.tokens import is_word, normal
from textcnn.text.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from textcnn.model.cached import CachedModel

__all__ = ["Predictor", "require_numbers", "to_probabilities"]

_LEAST = 1e-12  # of a probability, for its logarithm
_GROUP = 200_000  # characters that are answered at once
_MANY, _MANY_WORDS = 20_000, 4_000  # characters, and words, from which the compiled loops pay for their import


class Predictor:
    """A model, ready to answer."""

    def __init__(self, model: Model, threads: int = 0) -> None:
        self.model, self.threads = model, threads
        self._bulk: CachedModel | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: loops and threads are made anew."""
        return {**self.__dict__, "_bulk": None}

    @classmethod
    def open(cls, path: str | Path, threads: int = 0) -> "Predictor":
        """Open a model file.

        Args:
            path: of the file.
            threads: for many texts; 0: as many as there are free cores.

        Raises:
            ModelFileError: it is missing, damaged or of another format.
        """
        return cls(read_model(Path(path)), threads)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the model, in the order of its probabilities."""
        return self.model.labels

    @property
    def reading(self) -> LearnedReading | None:
        """How the texts of training were read, for `textcnn.corpus.learned_reading.as_learned`; None if not known."""
        return self.model.reading

    def choose(self, probabilities: NDArray[np.float32], threshold: float | None = None) -> tuple[str, ...]:
        """The labels that a text gets: the likeliest, or all that reach their thresholds, the likeliest first.

        Args:
            probabilities: of the text, (K,).
            threshold: that each label has to reach; if not given, the thresholds of the model if it is multi-label.
        """
        values = probabilities.tolist()  # Python's floats, for a threshold is not to be rounded to 32 bits
        if not self.model.multi_label:
            best = int(self._shifted(probabilities).argmax())
            return (self.labels[best],) if threshold is None or values[best] >= threshold else ()
        usual = self.model.thresholds or (0.5,) * len(values)
        least = usual if threshold is None else (threshold,) * len(values)
        reached = [column for column, value in enumerate(values) if value >= least[column]]
        return tuple(self.labels[column] for column in sorted(reached, key=lambda column: -values[column]))

    def _shifted(self, probabilities: NDArray[np.float32]) -> NDArray[Any]:
        """That of which the largest is the answer, (B, K) or (K,)."""
        if not self.model.offsets:
            return probabilities
        return np.asarray(np.log(np.maximum(probabilities, _LEAST)) + self.model.offsets)

    def choose_all(self, probabilities: NDArray[np.float32], threshold: float | None = None) -> list[tuple[str, ...]]:
        """The same for any number of texts, (B, K)."""
        if threshold is None and not self.model.multi_label:
            answers = [(label,) for label in self.labels]
            return list(map(answers.__getitem__, self._shifted(probabilities).argmax(axis=1).tolist()))
        return [self.choose(row, threshold) for row in probabilities]

    def first_columns(self, chosen: Sequence[tuple[str, ...]], probabilities: NDArray[np.float32]) -> list[int]:
        """Of each text the first label of its answer; the likeliest, where that is none of the model's."""
        known = {label: column for column, label in enumerate(self.labels)}
        first = {labels: known.get(labels[0], -1) if labels else -1 for labels in set(chosen)}
        columns = np.array([*map(first.__getitem__, chosen)], np.int64)
        found: list[int] = np.where(columns < 0, probabilities.argmax(axis=1), columns).tolist()
        return found

    def predict_batches(
        self,
        table: Any,
        text_column: str | Sequence[str] | None = None,
        *,
        top: int | None = None,
        threshold: float | None = None,
        max_error: float | None = None,
        sure: float | None = None,
        sure_per_label: bool = False,
        otherwise: str | None = None,
        novelty: bool = False,
        novel_above: float | None = None,
        novel_label: str | None = None,
        only: Collection[str] = (),
    ) -> Any:
        """A table of Arrow with the answer for each row; what a row gets depends on nothing but its text.

        Three columns come after the others: `label` (a list of a multi-label model, and with `sure`), `probability` (of
        the first label, or, where that is none of the model's, of the likeliest), and `probabilities`, with a field for
        each label; a fourth, `novelty`, if it is asked for. An other column of such a name gets `input_` before it. A
        row whose text is null has null for an answer.

        Args:
            table: a Table or RecordBatch of pyarrow, or whatever can become one: a data frame of Polars or pandas, a
                relation of DuckDB.
            text_column: its name, or a dotted path into a structure; several are joined. If not given, the columns that
                the model learned from, if they are there, or else the only one of text.
            top: how many of the likeliest labels have a probability, the others null; None: all.
            threshold: this one and those that follow as in textcnn.model.policy.Policy.
            max_error: see there.
            sure: see there.
            sure_per_label: see there.
            otherwise: see there.
            novelty: see there.
            novel_above: see there.
            novel_label: see there.
            only: labels without one of which a row is left out; none: nothing is left out.

        Returns:
            A RecordBatch for a RecordBatch, else a Table.

        Raises:
            ColumnError: the column is missing, or cannot be told.
            DataError: what it holds is no text.
            SettingsError: an option is out of its limits, or the model cannot promise what is asked for.
            ModelFileError: the model can promise nothing.
        """
        from textcnn.model.policy import Policy
        from textcnn.model.tables import answer_rows, as_table, text_columns, texts_of

        policy = Policy(
            top=top,
            threshold=threshold,
            max_error=max_error,
            sure=sure,
            sure_per_label=sure_per_label,
            otherwise=otherwise,
            novelty=novelty,
            novel_above=novel_above,
            novel_label=novel_label,
            only=only,
        )
        policy.check_model(self)
        rows = as_table(table)
        return answer_rows(self, rows, texts_of(rows, text_columns(rows, text_column, self.reading)), policy)

    def choose_sets(
        self, probabilities: NDArray[np.float32], sure: float, *, per_label: bool = False
    ) -> list[tuple[str, ...]]:
        """For each text the labels of which the right one is one in this share of cases, the likeliest first.

        Where a text has one label, the one that it gets is among them.

        Args:
            probabilities: of the texts, (B, K).
            sure: the share of cases.
            per_label: whether this is to hold for the texts of each label, or for all texts together.

        Raises:
            SettingsError: too few texts were held out in training to promise that.
            ModelFileError: the model knows nothing of the kind.
        """
        multi_label = self.model.multi_label
        least = self.model.set_scores.least(sure, self.labels, per_label=per_label, multi_label=multi_label)
        reached = probabilities >= least
        if not multi_label:
            column = {label: number for number, label in enumerate(self.labels)}
            chosen = [column[label] for (label,) in self.choose_all(probabilities)]
            reached[np.arange(len(reached)), np.array(chosen, np.int64)] = True
        order = (-probabilities).argsort(axis=1, kind="stable").tolist()
        return [
            tuple(self.labels[column] for column in columns if inside[column])
            for columns, inside in zip(order, reached.tolist(), strict=True)
        ]

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Calibrated probabilities: (B, K); rows add up to one unless the model is multi-label.

        Raises:
            ModelFileError: the weights of the model are damaged.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is looked at here
            logits = self.logits(texts)
            require_numbers(logits)
            return to_probabilities(logits, multi_label=self.model.multi_label)

    def all_probabilities(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The same for any number of texts, a bounded group at a time.

        Raises:
            ModelFileError: as there.
        """
        if isinstance(texts, list) and texts and sum(map(len, texts)) <= 2 * _GROUP:
            return self.probabilities(texts)
        pieces = [self.probabilities(group) for group in grouped(texts, _GROUP)]
        return np.concatenate(pieces) if pieces else np.empty((0, len(self.labels)), np.float32)

    def all_seen(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float64] | None]:
        """Probabilities, and how novel each text is: (B, K) and (B,); None if the model does not know.

        Raises:
            ModelFileError: the weights of the model are damaged.
        """
        novelty = self.model.novelty
        if novelty is None:
            return self.all_probabilities(texts), None
        pieces = [self._seen(group, novelty) for group in grouped(texts, _GROUP)]
        if not pieces:
            return np.empty((0, len(self.labels)), np.float32), np.empty(0)
        probabilities, values = zip(*pieces, strict=True)
        return np.concatenate(probabilities), np.concatenate(values)

    def _seen(self, texts: Sequence[str], novelty: Novelty) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        with np.errstate(over="ignore", invalid="ignore"):
            probabilities, likeness = self._judged(texts)
            return probabilities, novelty.values(probabilities, likeness, multi_label=self.model.multi_label)

    def all_judged(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], Likeness]:
        """Probabilities of at least one text, (B, K), and what tells how novel each is."""
        probabilities, likeness = zip(*map(self._judged, grouped(texts, _GROUP)), strict=True)
        return np.concatenate(probabilities), Likeness(*map(np.concatenate, zip(*likeness, strict=True)))

    def _judged(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], Likeness]:
        with np.errstate(over="ignore", invalid="ignore"):
            logits, likeness = self._logits_and_likeness(texts)
            require_numbers(logits)
            return to_probabilities(logits, multi_label=self.model.multi_label), likeness

    def _logits_and_likeness(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], Likeness]:
        bulk = self._for_many(sum(map(len, texts)) >= _MANY)
        if bulk is not None:
            (network, linear), likeness = bulk.scores_and_likeness(texts)
            return self.model.join.logits(network, self._margins(linear)), likeness
        encoded = encode(texts, self.model.settings["max_words"], self.model.segment)
        network, linear, likeness = self.seen(encoded)
        return self.model.join.logits(network, linear), likeness

    def word_figures(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The share of each text's words that are unknown, and their number: (B,) and (B,)."""
        if self._bulk is not None:
            return self._bulk.word_figures(texts)
        encoded = encode(texts, self.model.settings["max_words"], self.model.segment)
        return encoded.ragged.shares(self.model.rows_of(encoded.surfaces).unknown), encoded.ragged.lengths

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Calibrated logits, whose softmax or sigmoids are the probabilities: (B, K)."""
        bulk = self._for_many(sum(map(len, texts)) >= _MANY)
        if bulk is not None:
            network, linear = bulk.scores(texts)
            return self.model.join.logits(network, self._margins(linear))
        encoded = encode(texts, self.model.settings["max_words"], self.model.segment)
        return self.model.join.logits(self.network_logits(encoded), self.linear_margins(encoded))

    def make_ready(self) -> None:
        """Load the compiled loops now, for who will answer many texts, a few at a time."""
        from textcnn.model.cached import CachedModel

        if CachedModel.suits(self.model):
            self._bulk = CachedModel(self.model, self.threads or free_cores())

    def _for_many(self, many: bool) -> "CachedModel | None":
        """Compiled loops from the first time on that there are many texts at once."""
        if self._bulk is None and many:
            self.make_ready()
        return self._bulk

    def network_logits(self, encoded: Encoded) -> NDArray[np.float32]:
        """The mean of the ensemble, not calibrated: (B, K)."""
        bulk = self._for_many(len(encoded.ragged.words) >= _MANY_WORDS)
        if bulk is not None:
            return bulk.scores(encoded).network
        return self._by_networks(encoded, self.model.rows_of(encoded.surfaces))[0]

    def seen(self, encoded: Encoded) -> tuple[NDArray[np.float32], NDArray[np.float32], Likeness]:
        """The same, what the linear part says, (B, K), and what tells how novel the texts are."""
        bulk = self._for_many(len(encoded.ragged.words) >= _MANY_WORDS)
        if bulk is not None:
            (network, linear), likeness = bulk.scores_and_likeness(encoded)
            return network, self._margins(linear), likeness
        rows = self.model.rows_of(encoded.surfaces)
        logits, (cosine, length) = self._by_networks(encoded, rows)
        unknown = encoded.ragged.shares(rows.unknown, of_none=1)
        unseen = unseen_shares(encoded.ragged, *self._met(encoded.surfaces, rows))
        return logits, self.linear_margins(encoded), Likeness(cosine, length, unknown, unseen)

    def _by_networks(self, encoded: Encoded, rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The mean logits of the ensemble, and means of what tells novel texts, (2, B)."""
        count = len(encoded.ragged.starts) - 1
        centred = not self.model.multi_label
        total, seen = np.zeros((count, len(self.labels)), np.float64), np.zeros((count, 2), np.float64)
        for member, network in zip(self.model.members, self.model.networks, strict=True):
            vectors = self.model.vectors_of(member, rows)
            features = [network.features(vectors, part) for part in encoded.ragged.parts()]
            lengths = network.label_lengths(centred=centred)
            logits, own = network.judged(np.concatenate(features), lengths, centred=centred)
            total, seen = total + logits, seen + own
        return np.asarray(total / len(self.model.members), np.float32), seen.T / len(self.model.members)

    def _met(self, surfaces: Sequence[str], rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """What is a word, and what training has met, or without a linear part the vectors know: (U,) and (U,)."""
        spellings, spelling_of = distinct_spellings(surfaces)
        words = np.array(list(map(is_word, spellings)), bool)[spelling_of]
        linear = self.model.linear
        return words, ~rows.unknown if linear is None else linear.seen(features(spellings))[spelling_of]

    def linear_margins(self, encoded: Encoded) -> NDArray[np.float32]:
        """What the linear part says: (B, K); zero if there is none."""
        if self.model.linear is None:
            return self._margins(np.zeros((len(encoded.ragged.starts) - 1, 1), np.float32))
        return self._margins(self.model.linear.scores(encoded.surfaces, encoded.ragged))

    def _margins(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """For each label, (B, K); zero if there is no linear part."""
        if self.model.linear is None:
            return np.zeros((len(scores), len(self.labels)), np.float32)
        return margins(scores, len(self.labels))

    def vectors_of(self, surfaces: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """What each network sees of words as they stand in texts: (U, D)."""
        rows = self.model.rows_of(surfaces)
        for member in self.model.members:
            yield self.model.vectors_of(member, rows)

    def known(self, surface: str) -> bool:
        """Whether a word, or a part of it, has a vector."""
        return self.model.vocabulary.find(surface) != (UNKNOWN,)

    def spelling(self, surface: str) -> str:
        """How the model spells a word: as its vocabulary does, where it is one word there."""
        rows = self.model.vocabulary.find(surface)
        return normal(surface) if len(rows) > 1 or rows == (UNKNOWN,) else self.model.vocabulary.word(rows[0])


def require_numbers(values: NDArray[Any]) -> None:
    """Make sure that what came of the weights of a model are numbers.

    Raises:
        ModelFileError: one is infinite, or none.
    """
    if not np.isfinite(values).all():
        raise ModelFileError("the model is damaged: its weights are so large that its answers are not numbers")


def to_probabilities(logits: NDArray[np.float32], *, multi_label: bool) -> NDArray[np.float32]:
    """Softmax, or a sigmoid for each label: (B, K) -> (B, K)."""
    if multi_label:
        return (1 / (1 + np.exp(-np.clip(logits, -60, 60)))).astype(np.float32)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
