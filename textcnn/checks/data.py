"""The texts themselves: copies, near-copies, contradictions, empty and endless ones, and how the labels are spread."""

from collections import Counter
from collections.abc import Sequence

from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.corpus import Corpus
from textcnn.corpus.label_spelling import label_doubts, look_missing, spelling_variants
from textcnn.labels import LabelSets, sorted_names
from textcnn.text.lexicon import encode
from textcnn.text.near_copies import NearCopies
from textcnn.text.tokens import chunks, cut, folded

__all__ = [
    "balance",
    "contradictions",
    "copies",
    "different_labels",
    "empty",
    "has_words",
    "label_spelling",
    "lengths",
    "named",
    "near_copies",
    "pairs_told",
    "places",
    "with_words",
    "words_of",
]

_SHOWN = 3
_FEW = 10  # texts of a label
_ANY = 1 << 40  # words


def places(corpus: Corpus, numbers: Sequence[int], most: int = _SHOWN) -> str:
    """Where some texts stand: `lines 3, 17 ...`, or `a.csv:3, b.csv:17 ...` if there are several sources."""
    if len(set(corpus.sources)) > 1:
        shown = ", ".join(f"{corpus.sources[number]}:{corpus.lines[number]}" for number in numbers[:most])
    else:
        lines = ", ".join(str(corpus.lines[number]) for number in numbers[:most])
        shown = f"line{'s' if len(numbers) > 1 else ''} {lines}"
    return shown + (" ..." if len(numbers) > most else "")


def named(labels: Sequence[str], most: int = _SHOWN) -> str:
    """Some labels in quotes."""
    return ", ".join(map(repr, labels[:most])) + (" ..." if len(labels) > most else "")


def has_words(text: str) -> bool:
    """Whether a text is more than white space and invisible characters."""
    return any(cut(chunk) for chunk in chunks(text))


def with_words(corpus: Corpus) -> Corpus:
    """The corpus without the texts that have no words."""
    kept = [number for number, text in enumerate(corpus.texts) if has_words(text)]
    if len(kept) == len(corpus.texts):
        return corpus
    return corpus._replace(
        texts=[corpus.texts[number] for number in kept],
        labels=[corpus.labels[number] for number in kept],
        lines=[corpus.lines[number] for number in kept],
        sources=[corpus.sources[number] for number in kept],
        fields=[corpus.fields[number] for number in kept] if corpus.fields else (),
    )


def _groups(corpus: Corpus) -> list[list[int]]:
    """Texts that are the same but for case and white space, empty ones left out."""
    by_text: dict[str, list[int]] = {}
    for number, text in enumerate(corpus.texts):
        if key := folded(text):
            by_text.setdefault(key, []).append(number)
    return [group for group in by_text.values() if len(group) > 1]


def copies(corpus: Corpus) -> Check:
    """Texts that are there more than once."""
    groups = _groups(corpus)
    extra = sorted(number for group in groups for number in group[1:])
    share = len(extra) / max(len(corpus.texts), 1)
    advice = f"each counts as often as it is there; remove them if that is not meant: {places(corpus, extra)}"
    verdict = grade(share, warning=0.02, error=0.5)
    return judge("copies", verdict, f"copies of others: {len(extra):,} of {len(corpus.texts):,} texts", advice)


def near_copies(corpus: Corpus, found: NearCopies) -> Check:
    """Texts that are the same as others but for case, signs and numbers, or for a few words; copies do not count."""
    copied = {number for group in _groups(corpus) for number in group[1:]}
    pairs = [pair for pair in found.pairs if pair[1] not in copied]
    count = len(corpus.texts)
    figure, advice = f"near-copies of others: {len(pairs):,} of {count:,} texts", []
    different = different_labels(corpus.labels, pairs)
    if different:
        figure += f", {len(different):,} of them with different labels"
        advice.append(f"is one of the labels wrong? {pairs_told(corpus, different)}")
    same = sorted(set(pairs) - set(different))
    if same:
        advice.append(
            "on both sides of a split they make figures look better than they are: keep them on one side, or drop "
            f"all but one of each: {pairs_told(corpus, same)}"
        )
    verdict = Verdict.warning if different else grade(len(pairs) / max(count, 1), warning=0.02)
    return judge("near-copies", verdict, figure, "; ".join(advice))


def different_labels(labels: LabelSets, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs of texts whose labels are not the same."""
    return [(one, other) for one, other in pairs if set(labels[one]) != set(labels[other])]


def pairs_told(corpus: Corpus, pairs: Sequence[tuple[int, int]], most: int = _SHOWN) -> str:
    """Where pairs of texts stand: `lines 3 and 17, 8 and 9 ...`, or `a.csv:3 and b.csv:17 ...`, see `places`."""
    one_source = len(set(corpus.sources)) == 1
    where = [str(line) for line in corpus.lines] if one_source else corpus.places
    shown = ", ".join(f"{where[one]} and {where[other]}" for one, other in pairs[:most])
    return ("lines " if one_source else "") + shown + (" ..." if len(pairs) > most else "")


def contradictions(corpus: Corpus) -> Check:
    """Texts that are there with different labels."""
    groups = [group for group in _groups(corpus) if len({frozenset(corpus.labels[number]) for number in group}) > 1]
    touched = sum(map(len, groups))
    figure = f"{len(groups):,} texts are there with different labels"
    if not groups:
        return judge("contradictions", Verdict.ok, figure)
    first = groups[0]
    labels = sorted({"|".join(corpus.labels[number]) for number in first})
    advice = f"decide on one label: {places(corpus, first)}: {named(labels)}"
    return judge("contradictions", grade(touched / len(corpus.texts), warning=0, error=0.05), figure, advice)


def label_spelling(corpus: Corpus) -> Check:
    """Labels that differ only in case or in characters that cannot be seen, and such as say that a value is missing."""
    counts = Counter(label for labels in corpus.labels for label in labels)
    names = sorted(counts)
    missing, variants = look_missing(names), spelling_variants(names)
    figure = f"{len(missing)} look like missing values, {sum(map(len, variants))} differ only in case or invisibly"
    advice = "; ".join(label_doubts(corpus.labels))
    return judge("label names", Verdict.warning if advice else Verdict.ok, figure, advice)


def words_of(texts: Sequence[str]) -> list[int]:
    """How many words each text has."""
    lengths: list[int] = encode(texts, _ANY).ragged.lengths.tolist()
    return lengths


def empty(corpus: Corpus) -> Check:
    """Texts without words: nothing but white space and invisible characters."""
    wordless = [number for number, text in enumerate(corpus.texts) if not has_words(text)]
    share = len(wordless) / max(len(corpus.texts), 1)
    verdict = grade(share, warning=1e-9, error=0.2)
    column = "is the right column read? " if verdict is Verdict.error else ""
    advice = f"{column}remove them, for they say nothing: {places(corpus, wordless)}"
    return judge("empty texts", verdict, f"{len(wordless):,} of {len(corpus.texts):,}", advice)


def lengths(corpus: Corpus, max_words: int) -> Check:
    """How long texts are; what is beyond `max_words` is not read."""
    counts = words_of(corpus.texts)
    ranked = sorted(counts)
    median, longest = ranked[len(ranked) // 2], ranked[-1]
    figure = f"median {median:,} words, from {ranked[0]:,} to {longest:,}"
    cut = [number for number, count in enumerate(counts) if count > max_words]
    if cut:
        advice = f"{len(cut):,} are longer than --max-words {max_words}; the rest of them is not read"
        return judge("lengths", Verdict.warning, figure, f"{advice}: {places(corpus, cut)}")
    extreme = [number for number, count in enumerate(counts) if count > max(50 * median, 500)]
    advice = f"a few are very long; are they single texts? {places(corpus, extreme)}"
    return judge("lengths", Verdict.warning if extreme else Verdict.ok, figure, advice)


def balance(corpus: Corpus, class_weight: str) -> Check:
    """The rarest label beside what an even share would be."""
    counts = Counter(label for own in corpus.labels for label in own)
    rare, count = min(counts.items(), key=lambda item: (item[1], item[0]))
    share = count / len(corpus.texts)
    even = sum(counts.values()) / len(counts) / len(corpus.texts)
    few = [label for label in sorted_names(counts) if counts[label] < _FEW]
    figure = f"{len(counts)} labels; the rarest, {rare!r}, has {count:,} texts ({share:.1%})"
    verdict = grade(even / share, warning=5, error=25)
    if few:
        verdict = Verdict.error if verdict is Verdict.error else Verdict.warning
        return judge("balance", verdict, figure, f"more texts are needed of {named(few)}: fewer than {_FEW} each")
    if class_weight != "none" or corpus.weights is not None:
        verdict = Verdict.warning if verdict is Verdict.error else verdict
        return judge("balance", verdict, figure, "find more texts of it")
    return judge("balance", verdict, figure, "find more texts of it, or use --class-weight balanced")
