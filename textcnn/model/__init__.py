"""A trained model and its answers, with NumPy alone.

model.py      what a model is                       file.py       its file, read without trust
bank.py       the layout of a bank of filters       network.py    the network, by look-up
linear.py     the linear part beside the network    hashing.py    its features
predictor.py  answers                               cached.py     answers for many texts
rounding.py   responses in whole numbers            tables.py     answers beside the rows of a table of Arrow
interpretation.py  the n-grams that show what was learned
conformal.py  sets of labels that hold the right one as often as promised
novelty.py    how unlike its training texts a text is
reference.py  what texts of the kind that was learned from look like
selective.py  thresholds whose error is bounded
policy.py     which labels are the answer
"""
