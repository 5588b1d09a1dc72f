"""Opponents in a pipe: one label for each line of standard input.

python speed_pipes.py train dense|svm DATA.csv SAVED
python speed_pipes.py dense|svm SAVED < lines
"""

import csv
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

BATCH = 256


def read(path: str) -> tuple[list[str], list[str]]:
    """Texts and labels."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def train_svm(data: str, saved: str) -> None:
    """TF-IDF of words and of characters inside words, LinearSVC, saved by joblib."""
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    joblib.dump(make_pipeline(features, LinearSVC()).fit(*read(data)), saved)


def svm(saved: str) -> Callable[[list[str]], list[str]]:
    """Answer with it."""
    import joblib

    return joblib.load(saved).predict


def train_dense(data: str, saved: str) -> None:
    """What the dense network needs to answer; its weights need no training to be timed."""
    import torch
    from speed_training import Dense

    texts, labels = read(data)
    words = {word: number for number, word in enumerate(dict.fromkeys(word for text in texts for word in text.split()))}
    torch.save([words, sorted(set(labels)), Dense(torch.randn(len(words), 256), len(set(labels)), fixed=True)], saved)


def dense(saved: str) -> Callable[[list[str]], list[str]]:
    """Answer with it, padded batches, as public code does."""
    import torch

    words, labels, network = torch.load(saved, weights_only=False)  # our own file of a moment ago
    network.eval()

    @torch.no_grad()
    def answer(texts: list[str]) -> list[str]:
        numbers = [[words.get(word, len(words)) for word in text.lower().split()] for text in texts]
        longest = max(4, *map(len, numbers))
        padded = torch.tensor([own + [len(words)] * (longest - len(own)) for own in numbers])
        return [labels[place] for place in network(padded).argmax(1).tolist()]

    return answer


def main() -> None:
    """Train, or answer line by line in batches."""
    if sys.argv[1] == "train":
        {"svm": train_svm, "dense": train_dense}[sys.argv[2]](*sys.argv[3:5])
        return
    answer = {"svm": svm, "dense": dense}[sys.argv[1]](sys.argv[2])
    lines = iter(sys.stdin)
    while texts := [line.rstrip("\n") for line in islice(lines, BATCH)]:
        sys.stdout.write("".join(f"{label}\n" for label in answer(texts)))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
