"""Linear models over counted words and characters, by scikit-learn: what five lines of code get.

What is not a default here (logarithmic counts, C 10 for logistic regression, no intercept for NBSVM) was better on
texts held out of the training parts: the peers are to be as good as they easily get.
"""

import numpy as np
from protocol import Task
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

from systems.answers import Answers, Unavailable, above, chosen, likeliest


def svm(task: Task, seed: int) -> Answers:
    """TF-IDF of words 1-2 and of characters inside words 2-5, LinearSVC; one against the rest where multi-label."""
    (scores,) = _svm_scores(task, seed, "char_wb", task.test.texts)
    return _decided(task, scores)


def svm_char(task: Task, seed: int) -> Answers:
    """The same with characters across words: larger, and better where a phrase says more than its words."""
    (scores,) = _svm_scores(task, seed, "char", task.test.texts)
    return _decided(task, scores)


def svm_thresholds(task: Task, seed: int) -> Answers:
    """The same for multi-label texts, with the threshold of each label that has the best F1 on the dev part."""
    if not task.multi_label or task.dev is None:
        raise Unavailable("thresholds are for multi-label texts with a dev part")
    test, dev = _svm_scores(task, seed, "char_wb", task.test.texts, task.dev.texts)
    gold = _indicator(task, task.dev.labels)
    best = np.array([_best_threshold(gold[:, label], dev[:, label]) for label in range(gold.shape[1])])
    return Answers(above(task.classes(), test, best))


def logistic(task: Task, seed: int) -> Answers:
    """TF-IDF of words 1-2, logistic regression."""
    features = TfidfVectorizer(ngram_range=(1, 2))
    model = make_pipeline(features, regression(task)).fit(task.train.texts, targets(task))
    return chosen(task, model.predict_proba(task.test.texts))


def nbsvm(task: Task, seed: int) -> Answers:
    """Wang and Manning 2012: presence of words 1-2 times their log count ratio, SVM (C 1), interpolated by 0.25."""
    counts = CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=r"\w+(?:'\w+)?|[^\w\s]+")
    train, test = counts.fit_transform(task.train.texts), counts.transform(task.test.texts)
    gold = _indicator(task, task.train.labels)
    if gold.shape[1] == 2 and not task.multi_label:
        gold = gold[:, 1:]
    return _decided(task, np.stack([_nbsvm_scores(train, column, test, seed) for column in gold.T], axis=1))


def regression(task: Task) -> LogisticRegression | OneVsRestClassifier:
    """Logistic regression, a little less regularised than by default; one against the rest where multi-label."""
    model = LogisticRegression(C=10, max_iter=1000)
    return OneVsRestClassifier(model) if task.multi_label else model


def targets(task: Task) -> list[str] | np.ndarray:
    """The training labels as scikit-learn wants them, in the order of `Task.classes()`."""
    return _indicator(task, task.train.labels) if task.multi_label else task.train.single()


def _indicator(task: Task, labels: list[tuple[str, ...]]) -> np.ndarray:
    return MultiLabelBinarizer(classes=task.classes()).fit_transform(labels)


def _decided(task: Task, scores: np.ndarray) -> Answers:
    """Labels by the distance from the hyperplanes: (B, K), or (B, 1) or (B,) of the second of two labels."""
    if not task.multi_label and len(task.classes()) == 2:
        scores = np.stack([-scores.ravel(), scores.ravel()], axis=1)
    classes = task.classes()
    return Answers(above(classes, scores, 0.0) if task.multi_label else likeliest(classes, scores))


def _svm_scores(task: Task, seed: int, analyzer: str, *parts: list[str]) -> list[np.ndarray]:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer=analyzer, ngram_range=(2, 5), sublinear_tf=True)
    model = LinearSVC(random_state=seed)
    pipeline = make_pipeline(make_union(words, characters), OneVsRestClassifier(model) if task.multi_label else model)
    pipeline.fit(task.train.texts, targets(task))
    return [pipeline.decision_function(part) for part in parts]


def _best_threshold(gold: np.ndarray, scores: np.ndarray) -> float:
    precision, recall, thresholds = precision_recall_curve(gold, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return float(thresholds[f1[:-1].argmax()]) - 1e-9


def _nbsvm_scores(train: sparse.csr_matrix, gold: np.ndarray, test: sparse.csr_matrix, seed: int) -> np.ndarray:
    """(B,) how much each test text is of the label."""
    inside, outside = (1 + np.asarray(train[gold == side].sum(axis=0)).ravel() for side in (1, 0))
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    model = LinearSVC(C=1.0, fit_intercept=False, random_state=seed).fit(train.multiply(ratio).tocsr(), gold)
    weights = model.coef_.ravel()
    mean = np.abs(weights).mean()
    scores: np.ndarray = test @ (ratio * (0.75 * mean + 0.25 * weights))
    return scores
