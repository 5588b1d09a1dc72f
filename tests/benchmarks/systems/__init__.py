"""The systems that are compared, by name. A system is a function from a Task and a seed to Answers, see answers.py."""

from importlib import import_module
from typing import NamedTuple

from protocol import Task

from systems.answers import Answers


class System(NamedTuple):
    """Which function of which module here answers, and whether what it says depends on the seed."""

    module: str
    function: str
    random: bool = False

    def answer(self, task: Task, seed: int) -> Answers:
        """Learn from the training part, answer to the test part; only now its libraries are imported.

        Raises:
            Unavailable: it is not on this machine, or not made for this task.
        """
        answers: Answers = getattr(import_module(f"systems.{self.module}"), self.function)(task, seed)
        return answers


SYSTEMS = {
    "textcnn": System("ours", "default", random=True),
    "textcnn-fast": System("ours", "fast", random=True),
    "textcnn-network": System("ours", "network", random=True),
    "textcnn-shared": System("ours", "shared", random=True),
    "textcnn-pack": System("ours", "pack", random=True),
    "textcnn-pack-unlabelled": System("ours", "pack_unlabelled", random=True),
    "textcnn-unlabelled": System("ours", "unlabelled", random=True),
    "textcnn-teacher": System("ours", "teacher", random=True),
    "svm": System("linear", "svm"),
    "svm-char": System("linear", "svm_char"),
    "svm-thresholds": System("linear", "svm_thresholds"),
    "logistic": System("linear", "logistic"),
    "nbsvm": System("linear", "nbsvm"),
    "fasttext": System("fasttext_program", "plain", random=True),
    "fasttext-tuned": System("fasttext_program", "tuned", random=True),
    "minilm": System("sentence_vectors", "minilm"),
    "mpnet": System("sentence_vectors", "mpnet"),
    "e5": System("sentence_vectors", "e5"),
    "setfit": System("contrastive", "setfit", random=True),
    "kim": System("kim", "kim", random=True),
    "spacy": System("spacy_textcat", "textcat", random=True),
}
