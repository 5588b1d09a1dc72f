"""How the linear part learns.

svm.py     a linear SVM over hashed features of words, characters and neighbours
solver.py  the squared hinge loss, minimised for all labels at once
search.py  C and the weight of rare features, chosen by cross-validation
"""
