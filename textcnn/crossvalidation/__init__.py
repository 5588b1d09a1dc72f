"""Cross-validation: how good the model would be that `train` makes of these texts, measured on texts it has not seen.

    folds.py        which texts are held out when     figures.py      figures, with intervals over texts and over folds
    past.py         folds that learn from the past    differences.py  paired differences, by a test that respects folds
    run.py          the trainings                     result.py       what came of them
    validate.py     from lists of texts and labels, in Python

Every fold's model is trained exactly as `train` would on the same texts, so the figures are those of the model that
people get, made of as many texts as a fold learns from.
"""
