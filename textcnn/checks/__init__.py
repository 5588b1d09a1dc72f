"""What an experienced trainer checks by hand, as tests: of the data, of the training, of what was learned.

    verdict.py      what a check says           data.py            copies, contradictions, lengths, balance
    overlap.py      texts on both sides         language.py        languages, encodings, unknown words
    leakage.py      what gives a label away     label_errors.py    labels that a network doubts
    small_runs.py   the small trainings         learning.py        loss, learning rate, chance, fit
    sanity.py       trainings that must fail,   filter_health.py   dead filters, copies, rank
                    or succeed, or tell more    cost.py            time and memory of answers
    drift.py        whether texts are still like those of training
    suite.py        all of them, in order       after_training.py  what costs nothing, after each training

A check looks at something and returns a `Check`. Nothing here prints.
"""

from textcnn.checks.verdict import Check, Verdict, has_errors

__all__ = ["Check", "Verdict", "has_errors"]
