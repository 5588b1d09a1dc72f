"""What a model learned and why it answers as it does.

explain.py      a logit, taken apart into words      highlight.py    words shaded by their contributions
ngrams.py       a model, interpreted by n-grams      activations.py  the n-gram that each filter takes of each text
filters.py      dead and duplicate filters
"""
