"""What tells the label without any understanding: another column, or a word that all texts of a label have."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from textcnn.checks.verdict import Check, Verdict, judge
from textcnn.corpus import Corpus
from textcnn.text.tokens import chunks, cut, normal

__all__ = ["columns", "words"]

_MOST = 20_000  # texts
_TELLS = 0.98  # of the texts
_LEAST = 5  # texts of a label that a word may tell
_BY_NATURE = 0.1  # of the labels: "reset my PIN" cannot be said without a PIN
_PART = 0.1  # of the errors of a guess: what a column that gives the label away leaves of them


def columns(corpus: Corpus) -> Check:
    """Whether another column of the file tells the label."""
    values: Mapping[str, list[str]] = _values(corpus)
    labels = [own for own, fields in zip(corpus.labels, corpus.fields, strict=False) if fields]
    shares = {name: _told(column, labels) for name, column in values.items() if len(column) == len(labels)}
    guess = Counter(labels).most_common(1)[0][1] / len(labels) if labels else 1.0
    telling = [name for name, told in shares.items() if told >= _TELLS and 1 - told <= _PART * (1 - guess)]
    figure = f"{len(telling)} of {len(values)} other columns tell the label"
    if not telling:
        return judge("giveaway column", Verdict.ok, figure)
    name = max(telling, key=shares.__getitem__)
    advice = f"column {name!r} tells it for {shares[name]:.1%} of the texts: never make it part of the text"
    return judge("giveaway column", Verdict.warning, figure, f"{advice}, and is the right column taken for the label?")


def _values(corpus: Corpus) -> dict[str, list[str]]:
    values: dict[str, list[str]] = defaultdict(list)
    for fields in corpus.fields:
        for name, value in fields:
            values[name].append(str(value))
    return values


def _told(column: Sequence[str], labels: Sequence[tuple[str, ...]]) -> float:
    """How many labels can be told from the other rows with the same value, a value that is alone telling nothing."""
    counts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for value, label in zip(column, labels, strict=True):
        counts[value][label] += 1
    right = sum(own.most_common(1)[0][1] for own in counts.values() if own.total() > 1)
    return right / max(len(column), 1)


def words(corpus: Corpus) -> Check:
    """Whether a single word stands in nearly all texts of a label and in hardly any other, as a mark of its origin."""
    labels = Counter(label for own in corpus.labels[:_MOST] for label in own)
    marks = _marks(corpus, labels)
    told = len({label for label, _ in marks})
    figure = f"{told} of {len(labels)} labels can be told by one word"
    if told <= _BY_NATURE * len(labels):
        return judge("giveaway word", Verdict.ok, figure)
    all_told = told >= len(labels) - 1
    shown = ", ".join(f"{word!r} of {label!r}" for label, word in marks[:3])
    advice = f"a mark of where the texts come from? then a model learns the mark, not the meaning; remove it: {shown}"
    return judge("giveaway word", Verdict.error if all_told else Verdict.warning, figure, advice)


def _marks(corpus: Corpus, labels: Mapping[str, int]) -> list[tuple[str, str]]:
    """Labels, and the words that tell them."""
    texts_with = _texts_with(corpus, labels)
    total: Counter[str] = sum(texts_with.values(), Counter())
    return [
        (label, word)
        for label, count in labels.items()
        for word, with_label in texts_with[label].most_common(50)
        if count >= _LEAST and with_label >= _TELLS * max(count, total[word])
    ]


def _texts_with(corpus: Corpus, labels: Iterable[str]) -> dict[str, Counter[str]]:
    """In how many texts of each label each word stands."""
    counts: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for text, own in zip(corpus.texts[:_MOST], corpus.labels[:_MOST], strict=True):
        present = {normal(word) for chunk in set(chunks(text)) for word in cut(chunk)}
        for label in own:
            counts[label].update(present)
    return counts
