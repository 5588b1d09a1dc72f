"""How good answers are.

metrics.py     figures, from labels and probabilities      comparison.py  is one classifier better than another?
baseline.py    the classifier that one has to beat
"""
