"""How good answers are.

metrics.py     figures, from labels and probabilities
comparison.py  whether one classifier is better than another, or the difference is noise
baseline.py    TF-IDF and a linear SVM: the classifier to beat
"""
