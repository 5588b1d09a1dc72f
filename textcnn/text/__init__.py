"""Text to words, and words to numbers.

tokens.py   text to words         lexicon.py     texts to numbers of their distinct words
ragged.py   rows of numbers       vocabulary.py  words to rows of a table
near_copies.py  texts that are nearly the same
questions.py  whether texts are questions
segmentation.py  words of scripts without blanks
"""
