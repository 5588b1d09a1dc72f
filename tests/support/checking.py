"""Texts that are checked, and the checks of them."""

from messages import SMALL

from textcnn.checks.suite import CheckInput, CheckSuite
from textcnn.corpus import Corpus


def corpus(texts, labels, fields=()):
    multi_label = [label if isinstance(label, tuple) else (label,) for label in labels]
    return Corpus(list(texts), multi_label, [*range(2, len(texts) + 2)], ["t.csv"] * len(texts), None, 0, (), fields)


def run_checks(corpus, values=SMALL, *, until=None, **more):
    """Checks by their names, the first of them, until one that ends it."""
    checks = {}
    for check in CheckSuite(CheckInput(corpus, values, **more)):
        checks[check.name] = check
        if check.name == until:
            break
    return checks
