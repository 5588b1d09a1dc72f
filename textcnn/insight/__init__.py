"""Why a model answers as it does, and what it has learned.

explain.py      one answer, taken apart into what every word contributed, exactly
ngrams.py       the n-grams of the training texts that a model has learned from
activations.py  which n-gram each filter takes of each text
filters.py      dead filters, copies, and how many directions filters span
highlight.py    words shaded by their contribution, as HTML
"""
