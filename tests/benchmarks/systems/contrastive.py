"""SetFit (Tunstall et al. 2022) over all-MiniLM-L6-v2: pairs of texts tune the encoder, then logistic regression.

SETFIT_PYTHON names a Python with setfit; MINILM_MODEL the folder of the model, if it is not to be fetched by its name.
As in the paper, 20 pairs of each kind for every text, where the package takes all; else its defaults: one epoch, 16
pairs a step.
"""

import os

from protocol import Task

from systems.answers import Answers, Unavailable, chosen
from systems.elsewhere import ask


def setfit(task: Task, seed: int) -> Answers:
    """Tune, and answer."""
    if task.multi_label:
        raise Unavailable("pairs are of texts with one label")
    number_of = {label: number for number, label in enumerate(task.classes())}
    question = {
        "texts": task.train.texts,
        "labels": [number_of[label] for label in task.train.single()],
        "asked": task.test.texts,
        "model": os.environ.get("MINILM_MODEL", "sentence-transformers/all-MiniLM-L6-v2"),
        "seed": seed,
    }
    return chosen(task, ask("SETFIT_PYTHON", "contrastive_worker.py", question))
