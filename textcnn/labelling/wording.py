"""What every screen says in the same words: how good it is, what more labels would bring, which key a label has."""

from collections.abc import Sequence

from textcnn.labelling.adviser import MORE, Advice
from textcnn.labelling.session import Progress, Session

__all__ = ["accuracy_so_far", "done_so_far", "figures_so_far", "gain_to_come", "label_keys", "nothing_left"]

_NUMBERS = "123456789"


def label_keys(labels: Sequence[str]) -> dict[str, list[str]]:
    """The keys of each label: a number if there is one left, and the first letter of its name that is free."""
    taken: set[str] = set()
    keys: dict[str, list[str]] = {}
    for number, label in enumerate(labels):
        letter = next((each for each in label.lower() if each.isalpha() and each not in taken), None)
        taken |= {letter} if letter else set()
        keys[label] = [*_NUMBERS[number : number + 1], *([letter] if letter else [])]
    return keys


def done_so_far(progress: Progress) -> str:
    """How many texts are labelled; where there is a budget, how much of it is used."""
    if progress.budget is None:
        return f"{progress.labelled:,} of {progress.texts:,} labelled"
    return f"{progress.answers:,} of {progress.budget:,} labels · {progress.texts:,} texts"


def figures_so_far(progress: Progress) -> list[str]:
    """All that is said of how good it is, in pieces."""
    if progress.note:
        return [progress.note]
    return [*filter(None, [accuracy_so_far(progress.advice)]), gain_to_come(progress.advice)]


def accuracy_so_far(advice: Advice) -> str:
    """How good the answers are; "" if there is nothing to say yet."""
    found = advice.estimate
    if found is None:
        return ""
    return f"accuracy {found.accuracy:.0%} ({found.low:.0%} to {found.high:.0%}, {found.texts} random texts)"


def gain_to_come(advice: Advice) -> str:
    """What more labels would bring."""
    found = advice.forecast
    if found is None:
        return f"{MORE} more labels: cannot tell yet"
    if found.hardly:
        return f"{MORE} more labels would hardly help (at most +{100 * found.high:.1f} points)"
    return f"{MORE} more labels: {100 * found.low:+.0f} to {100 * found.high:+.0f} points"


def nothing_left(session: Session) -> str:
    """Why nothing is asked any more; "" if something is, or if every text has its label."""
    if session.spent:
        return f"the budget of {session.budget:,} labels is used up; a larger --budget goes on"
    progress = session.progress()
    others = progress.texts - progress.labelled
    if others and session.question() is None:
        return f"nothing is left to ask: of the other texts, {others:,}, each is a near-copy, was skipped or is empty"
    return ""
