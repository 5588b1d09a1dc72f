"""How good answers are.

metrics.py            figures, from labels and probabilities
log_loss.py           the log loss, of logits and of probabilities
label_sets.py         how often sets of labels hold the right one
separation.py         how well the novelty tells texts of no known kind
distributions.py      whether two samples are of the same distribution
sample_weights.py     how much each text counts
measured_texts.py     the texts that figures are of
breakdown.py          figures for parts of the texts
comparison.py         whether one classifier is better than another, or the difference is noise
baseline.py           TF-IDF and a linear SVM: the classifier to beat
label_differences.py  labels that texts have and a model, or other texts, do not
"""
