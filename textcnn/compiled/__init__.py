"""The inner loops, compiled by Cython when the package is built: where NumPy would go through memory many times.

    convolution.py  look-ups with max pooling, and their gradient    adam.py     a step of the optimizer
    words.py        texts to numbers of words, words to rows         linear.py   scores of the linear part
    whole.py        look-ups in whole numbers, for answers           threads.py  worker threads that share the work
    loader.py       whether they are available

Each loop has its counterpart in NumPy or torch, which says what it computes and takes its place where there was no
compiler. They release the GIL, so threads can share the work; each result is computed by one thread alone, in one
order, so it does not depend on their number.
"""
