"""spaCy's text classifier with its default configuration; SPACY_PYTHON names a Python with spacy."""

from protocol import Task

from systems.answers import Answers, chosen
from systems.elsewhere import ask


def textcat(task: Task, seed: int) -> Answers:
    """The component `textcat`, or `textcat_multilabel` where texts are multi-label; English blank pipeline."""
    learn, held = task.with_dev(seed)
    question = {
        "component": "textcat_multilabel" if task.multi_label else "textcat",
        "classes": task.classes(),
        "train": [learn.texts, learn.labels],
        "dev": [held.texts, held.labels],
        "test": task.test.texts,
        "seed": seed,
    }
    return chosen(task, ask("SPACY_PYTHON", "spacy_worker.py", question))
