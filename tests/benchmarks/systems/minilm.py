"""Frozen sentence embeddings of all-MiniLM-L6-v2 with logistic regression: a transformer that nobody fine-tunes.

MINILM_PYTHON names a Python with sentence-transformers; MINILM_MODEL the folder of the model, if it is not to be
fetched by its name. Embeddings are kept in BENCHMARK_CACHE (by default in the folder for temporary files), one file for
the texts of a data set: seconds are without the embedding when they were there already.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
from protocol import Task

from systems.answers import Answers, chosen
from systems.elsewhere import ask
from systems.linear import regression, targets


def minilm(task: Task, seed: int) -> Answers:
    """Logistic regression on the 384 numbers of each text."""
    texts = sorted({*task.train.texts, *task.test.texts})
    vectors = dict(zip(texts, _embedded(texts), strict=True))
    train, test = (np.array([vectors[text] for text in part.texts]) for part in (task.train, task.test))
    return chosen(task, regression(task).fit(train, targets(task)).predict_proba(test))


def _embedded(texts: list[str]) -> np.ndarray:
    """(B, 384), from the cache if they are there."""
    folder = Path(os.environ.get("BENCHMARK_CACHE") or Path(tempfile.gettempdir()) / "textcnn-benchmarks")
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    path = folder / f"minilm-{digest[:32]}.npy"
    if not path.exists():
        question = {"texts": texts, "model": os.environ.get("MINILM_MODEL", "sentence-transformers/all-MiniLM-L6-v2")}
        found = ask("MINILM_PYTHON", "minilm_worker.py", question)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(path, found)
    vectors: np.ndarray = np.load(path)
    return vectors
