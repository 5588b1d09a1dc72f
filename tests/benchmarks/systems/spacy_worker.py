"""Runs in the interpreter that has spacy: train as `spacy train` does by default, answer with probabilities."""

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import fix_random_seed


def trained(question: dict[str, Any], folder: Path) -> spacy.Language:
    """The best pipeline of a training run, by the score on the dev part."""
    nlp = spacy.blank("en")
    nlp.add_pipe(question["component"])
    for name in ("train", "dev"):
        _documents(nlp, question, name).to_disk(folder / f"{name}.spacy")
    config = nlp.config.copy()
    config["paths"] |= {name: str(folder / f"{name}.spacy") for name in ("train", "dev")}
    config["corpora"] = {
        name: {"@readers": "spacy.Corpus.v1", "path": config["paths"][name]} for name in ("train", "dev")
    }
    config["training"]["seed"] = question["seed"]
    (folder / "models").mkdir()
    train(init_nlp(config), folder / "models", stdout=sys.stderr, stderr=sys.stderr)
    return spacy.load(folder / "models" / "model-best")


def _documents(nlp: spacy.Language, question: dict[str, Any], name: str) -> DocBin:
    documents = DocBin()
    pairs = list(zip(*question[name], strict=True))
    random.Random(question["seed"]).shuffle(pairs)
    for text, labels in pairs:
        document = nlp.make_doc(text)
        document.cats = {label: float(label in labels) for label in question["classes"]}
        documents.add(document)
    return documents


question = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
fix_random_seed(question["seed"])
with tempfile.TemporaryDirectory() as folder:
    nlp = trained(question, Path(folder))
answers = [[document.cats[label] for label in question["classes"]] for document in nlp.pipe(question["test"])]
np.save(sys.argv[2], np.array(answers))
