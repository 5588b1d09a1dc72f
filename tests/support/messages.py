"""Messages of two kinds, no two of them alike, and settings that learn from them in no time."""

from examples import HAM, SPAM

SMALL = {
    **{"vectors": "none", "filters": 8, "widths": (1, 2), "dimensions": 10, "min_count": 1},
    **{"epochs": 6, "learning_rate": 0.02, "linear": "off", "threads": 1},
}

OPTIONS = [f"--{name.replace('_', '-')}={str(value).strip('()')}" for name, value in SMALL.items()]


def pairs(of, count):
    """Different texts, each of two."""
    return [f"{of[place % 20]}. {of[(place + 1 + place // 20) % 20]}" for place in range(count)]


def messages(ham=60, spam=60):
    return [*pairs(HAM, ham), *pairs(SPAM, spam)], ["ham"] * ham + ["spam"] * spam
