"""A trained model and its answers, with NumPy alone.

model.py           what a model is
file.py            its file, read without trust
bank.py            how filters lie in their arrays
network.py         the network, by look-ups
linear.py          the linear part beside the network
hashing.py         the features of the linear part
predictor.py       answers
cached.py          answers for many texts
interpretation.py  the n-grams that show what was learned
"""
