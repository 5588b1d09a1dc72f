"""What an experienced trainer checks by hand, as tests: of the data, of the training, of what was learned.

    suite.py           all of them, in order
    after_training.py  those that cost nothing, after each training
    verdict.py         what a check says
    data.py            copies, contradictions, lengths, balance
    overlap.py         texts on both sides
    language.py        languages, encodings, unknown words
    leakage.py         what gives a label away
    small_runs.py      the small trainings
    learning.py        loss, learning rate, chance, fit
    sanity.py          trainings that must fail, must succeed, or tell whether more texts would help
    label_errors.py    probable label errors
    filter_health.py   dead filters, copies, rank
    cost.py            time, memory, device

A check looks at something and returns a `Check`. Nothing here prints.
"""

from textcnn.checks.verdict import Check, Verdict, wrong

__all__ = ["Check", "Verdict", "wrong"]
