"""The network in torch, for training only: model/network.py gives the answers, in NumPy.

model.py        the network                      channels.py        the vectors that come into it
convolution.py  convolution by look-up           pooling.py         pooling over time
maxpool.py      the same in compiled loops       gradient_check.py  whether the gradients are right
"""
