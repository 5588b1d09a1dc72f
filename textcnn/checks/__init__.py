"""What an experienced trainer checks by hand, as tests: of the data, of the training, of what was learned.

    verdict.py     what a check says           data.py        copies, contradictions, lengths, balance
    overlap.py     texts on both sides         language.py    languages, encodings, unknown words
    giveaways.py   what gives a label away     suspects.py    probable label errors
    trials.py      the small trainings         training.py    loss, learning rate, chance, fit
    controls.py    trainings that must fail,   filters.py     dead filters, copies, rank
                   or succeed, or tell more    brief.py       what costs nothing, after each training
    examination.py all of them, in order

A check looks at something and returns a `Check`. Nothing here prints.
"""

from textcnn.checks.verdict import Check, Verdict, wrong

__all__ = ["Check", "Verdict", "wrong"]
