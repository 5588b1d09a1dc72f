"""The network in torch, for training only; answers are given by `textcnn.model.network`, in NumPy.

model.py           the text CNN of Kim 2014
channels.py        trained and static word vectors
convolution.py     convolution by look-up, exact, its gradient sparse
pooling.py         max, k-max and mean over time
maxpool.py         convolution and max pooling in compiled loops
gradient_check.py  gradients beside numerical ones
"""
