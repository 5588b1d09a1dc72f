"""Shards: what an encoder of many languages said about words, pieces and passages, some passages of a language each.

A shard is read once, and kept in a file.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from build_vectors import Floats, equal_lengths, say
from e5 import LAST_LAYER, LAYERS, Multilingual, Pieces
from numpy.typing import NDArray
from readout import Lesson

from textcnn.text.tokens import normal, tokenize

SHARD = 3_000  # passages of a shard
PREFIX_PIECES = 4  # the mark of the beginning, and those of the encoder's prefix
BLANK_ALONE = 6  # the number of a piece that is a blank and nothing else


class Sums:
    """Sums of what layers say about words, or pieces, by spelling."""

    def __init__(self, size: int) -> None:
        import torch

        self.rows: dict[str, int] = {}
        self.sums, self.counts = torch.zeros(1 << 17, len(LAYERS) * size), torch.zeros(1 << 17)

    def row(self, spelling: str) -> int:
        """Its row."""
        return self.rows.setdefault(spelling, len(self.rows))

    def add(self, spellings: Iterable[str], weights: NDArray[np.float32], states: Any) -> None:
        """Add states, (N, layers·size), each with its weight."""
        import torch

        to, shares = torch.tensor([self.row(spelling) for spelling in spellings]), torch.from_numpy(weights)
        self.sums.index_add_(0, to, states * shares[:, None])
        self.counts.index_add_(0, to, shares)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """As they are saved: spellings, counts and means."""
        counts = self.counts[: len(self.rows)]
        means = self.sums[: len(self.rows)] / counts.clamp(min=1e-6)[:, None]
        return {
            name: np.array(list(self.rows)),
            f"{name}_counts": counts.numpy(),
            f"{name}_means": means.half().numpy(),
        }


def read(some: Sequence[str], encoder: Multilingual, file: Path) -> None:
    """Read a shard of passages, and save what was said about each word and piece, and about each passage."""
    import torch

    words, pieces = Sums(encoder.size), Sums(encoder.size)
    said = np.zeros((len(some), encoder.size), np.float16)
    encoded, forms = encoder.pieces(some), defaultdict[str, Counter[str]](Counter)
    for batch in equal_lengths([len(one.ids) for one in encoded]):
        with torch.inference_mode():
            layers = encoder.states(torch.tensor([encoded[number].ids for number in batch]))
            states = torch.cat([layers[layer] for layer in LAYERS], dim=2).float()
            said[batch] = layers[LAST_LAYER].float().mean(dim=1).numpy()
        for number, of_passage in zip(batch, states, strict=True):
            add_passage(some[number], encoded[number], of_passage, words, pieces, forms)
    part = file.with_suffix(".part")
    shown = np.array([forms[word].most_common(1)[0][0] for word in words.rows])
    with part.open("wb") as stream:
        of_passages = {"passages": np.array(some), "said": said}
        np.savez(stream, forms=shown, **of_passages, **words.arrays("words"), **pieces.arrays("pieces"))
    part.replace(file)


def add_passage(
    passage: str, one: Pieces, states: Any, words: Sums, pieces: Sums, forms: dict[str, Counter[str]]
) -> None:
    """Add what is said about the pieces of a passage, and about the words that they are of."""
    tokens = tokenize(passage)
    inside = range(PREFIX_PIECES, len(one.ids) - 1)
    kept = np.array([at for at in inside if one.places[at] >= 0 and one.ids[at] != BLANK_ALONE], np.int64)
    if not len(kept) or not tokens:
        return
    starts = [token.start for token in tokens]
    of_word = np.maximum(np.searchsorted(starts, np.array(one.places)[kept], side="right") - 1, 0)
    _, group, counts = np.unique(of_word, return_inverse=True, return_counts=True)
    spelt = [normal(tokens[word].surface) for word in of_word.tolist()]
    for token in tokens:
        forms[normal(token.surface)][token.surface] += 1
    words.add(spelt, (1 / counts[group]).astype(np.float32), states[kept])
    pieces.add((one.spelt[at] for at in kept.tolist()), np.ones(len(kept), np.float32), states[kept])


def shards(
    folder: Path, gathered: Callable[[], Sequence[str]], inputs: Path, most: int, *, cached: bool = False
) -> list[Path]:
    """The shards in the folder of a language.

    Args:
        folder: where they are, or are kept once they were read.
        gathered: all passages of the language.
        inputs: the folder of the encoder's packages.
        most: how many shards, at most.
        cached: whether only those count that are there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:04d}.npz" for number in range(most)]
    if cached:
        files = [file for file in files if file.exists()]
    elif not all(file.exists() for file in files):
        encoder, passages = Multilingual(inputs, (*LAYERS, LAST_LAYER)), gathered()
        files = files[: -(-len(passages) // SHARD)]
        for number, file in enumerate(files):
            if not file.exists():
                read(passages[number * SHARD : (number + 1) * SHARD], encoder, file)
                say(f"{folder.name}: read {number + 1} of {len(files)} shards")
    if not files:
        raise SystemExit(f"{folder}: no shard is there, and there is nothing to read")
    return files


def read_alone(
    file: Path, wanted: Callable[[], Mapping[str, str]], inputs: Path, *, cached: bool = False
) -> "Read | None":
    """What is said of words that stand alone; read once, whatever is wanted later.

    Args:
        file: where it is kept.
        wanted: words, and how each stands in a text.
        inputs: the folder of the encoder's packages.
        cached: whether none is read if the file is not there.
    """
    if not file.exists():
        forms = {} if cached else wanted()
        if not forms:
            return None
        keep_alone(file, forms, Multilingual(inputs))
    with np.load(file) as saved:
        spellings, means = saved["words"].tolist(), saved["means"].astype(np.float32)
    return Read(spellings, np.zeros(len(spellings), np.float32), means)


def keep_alone(file: Path, forms: Mapping[str, str], encoder: Multilingual) -> None:
    """Read words that stand alone, and save the means of what is said of their pieces."""
    import torch

    means = np.zeros((len(forms), len(LAYERS) * encoder.size), np.float16)
    encoded = [one.ids for one in encoder.pieces(list(forms.values()))]
    for batch in equal_lengths([len(ids) for ids in encoded]):
        with torch.inference_mode():
            layers = encoder.states(torch.tensor([encoded[number] for number in batch]))
            states = torch.cat([layers[layer] for layer in LAYERS], dim=2)[:, PREFIX_PIECES:-1]
            means[batch] = states.float().mean(dim=1).numpy()
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, words=np.array(list(forms)), means=means)
    part.replace(file)


def lesson(files: Sequence[Path]) -> Lesson:
    """The passages of all shards, and what the last layer said of each."""
    passages: list[str] = []
    vectors = []
    for file in files:
        with np.load(file) as saved:
            if "said" not in saved:
                raise SystemExit(f"{file} does not say what was read of passages: remove it, so that it is read anew")
            passages += saved["passages"].tolist()
            vectors.append(saved["said"].astype(np.float32))
    return Lesson(passages, np.concatenate(vectors))


class Read(NamedTuple):
    """Means over all shards."""

    spellings: list[str]
    counts: Floats
    means: Floats


def merged(files: Sequence[Path], name: str) -> Read:
    """The means of words, or of pieces, over shards; words that are spelt alike are one."""
    rows: dict[str, int] = {}
    loaded = []
    for file in files:
        with np.load(file) as saved:
            spelt = saved[name].tolist() if name == "pieces" else map(normal, saved[name].tolist())
            own = [rows.setdefault(one, len(rows)) for one in spelt]
            loaded.append((own, saved[f"{name}_counts"], saved[f"{name}_means"].astype(np.float32)))
    counts, sums = np.zeros(len(rows), np.float32), np.zeros((len(rows), loaded[0][2].shape[1]), np.float32)
    for own, number, means in loaded:
        np.add.at(counts, own, number)
        np.add.at(sums, own, means * number[:, None])
    return Read(list(rows), counts, sums / np.maximum(counts, 1e-6)[:, None])


def forms_of(files: Sequence[Path]) -> dict[str, str]:
    """How each word stood in a text: the encoder's pieces have capitals."""
    forms: dict[str, str] = {}
    for file in files:
        with np.load(file) as saved:
            forms.update(zip(map(normal, saved["words"].tolist()), saved["forms"].tolist(), strict=True))
    return forms
