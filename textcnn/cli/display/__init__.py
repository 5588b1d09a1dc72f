"""What a terminal shows, and the same for programs.

console.py   width, colour, messages             metrics.py         figures, confusion matrix, mistakes
progress.py  training as it goes, and Ctrl-C     checks.py          checks, a line each
answers.py   answers: pretty, TSV, CSV, JSON     explanation.py     words shaded by their contribution
sparkline.py learning curves                     interpretation.py  n-grams of labels and of filters
crossvalidation.py  figures over texts and folds, and differences
files.py     files while they are being answered
labelling.py the screen while texts are labelled, and the table of a simulation
"""
