"""How the linear part learns.

svm.py     features, their weights, the SVM      solver.py  its minimum, by Newton steps
search.py  its C and the power of the idf, chosen by cross-validation
"""
