"""From labelled texts to a model. All of torch is here; answers, and few texts, do not need it.

fit.py            by the last layer alone where texts are few, else by networks
frozen.py         the last layer alone, over the sentence encoder
encoder_layer.py  a last layer over it: what it says about texts, and what becomes of a network
beside.py         the same beside networks
last_layer.py     its closed form: where labels' words let it start, how strongly it is held back
discriminant.py   what its outputs for all labels say together
ridge.py          ridge regression, cross-validated without learning again
pupil.py          who learns from answers to texts without labels, and answers beside
neighbours.py     texts drawn towards those most like them
unlabelled.py     which of these texts are used, and what is told of them
networks.py       hold out, cross-fit, calibrate, fit on all
outcome.py        what both ways hand over
crossfit.py       out-of-fold answers, and how good they are
side_by_side.py   how many trainings run at the same time
run.py            one training: networks and linear part
task.py           the texts as training sees them
label_names.py    what the names of labels, or hints, say
guess.py          a first model from them, where no text is labelled
probabilities.py  soft labels as programs have them
lesson.py         soft labels by a teacher and the encoder together
teacher.py        what a sentence encoder that is a transformer says of texts
encoder_answers.py   what the encoder of the package says of them
loop.py           the training loop, a generator
events.py         what a training tells while it goes on
folds.py          which texts are held out
batches.py        texts in random order, by batches
embeddings.py     the word vectors that a training starts from
optimizer.py      Adam, in the touched rows only
class_weights.py  the weight of each class in the loss
device.py         the device, and threads
calibration.py    what probabilities are worth
offsets.py        answers decided for another metric than accuracy
conformal.py      how sure out-of-fold answers were of the right labels
outside.py        texts of no kind: what makes a text novel
export.py         from trained weights to a model
network/          the network in torch
linear/           the linear part, an SVM
"""
