"""What an experienced trainer checks by hand, as tests: of the data, of the training, of what was learned.

    verdict.py      what a check says        examination.py   all of them in order, for `textcnn check`
    data.py         copies, lengths, balance      brief.py         those that cost nothing, after each training
    overlap.py      texts on both sides of a split
    language.py     languages and encodings
    giveaways.py    what tells the label without being understood
    labels.py       probable label errors
    training.py     loss, learning rate, fit, chance
    filters.py      dead filters, copies, rank
    trials.py       the small trainings that the checks look at

Nothing here prints: a check looks at something and returns a `Check`.
"""

from textcnn.checks.verdict import Check, Verdict, wrong

__all__ = ["Check", "Verdict", "wrong"]
