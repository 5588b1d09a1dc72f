"""What a text CNN has to beat: TF-IDF of words and pairs of words, and of 2 to 5 characters, and a linear SVM.

Wang & Manning 2012 found such to be hard to beat.
"""

import warnings
from collections.abc import Sequence

from textcnn.errors import DataError
from textcnn.labels import LabelSets, label_names, require_two

__all__ = ["BASELINE", "baseline_answers"]

BASELINE = "TF-IDF + linear SVM"


def baseline_answers(train: tuple[Sequence[str], LabelSets], texts: Sequence[str], *, multi_label: bool) -> LabelSets:
    """The answers of TF-IDF and a linear SVM to texts, trained on others.

    Args:
        train: texts and the labels of each.
        texts: to be answered.
        multi_label: whether texts can have several labels.

    Raises:
        DataError: the training texts have no words, or fewer than two labels.
    """
    labels = label_names(train[1])
    require_two(labels, "the texts for the baseline")
    if not any(map(str.split, train[0])):
        raise DataError("the texts for the baseline are all empty: there is no word to learn from")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of labels that no text or every text has
        return _learned_answers(train, labels, texts, multi_label=multi_label)


def _learned_answers(
    train: tuple[Sequence[str], LabelSets], labels: list[str], texts: Sequence[str], *, multi_label: bool
) -> LabelSets:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import MultiLabelBinarizer
    from sklearn.svm import LinearSVC

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", sublinear_tf=True),
        TfidfVectorizer(ngram_range=(2, 5), analyzer="char_wb", sublinear_tf=True),
    )
    if not multi_label:
        model = make_pipeline(features, LinearSVC(random_state=0))
        pairs = [(text, given[0]) for text, given in zip(*train, strict=True) if given]
        model.fit([text for text, _ in pairs], [label for _, label in pairs])
        return [(str(label),) for label in model.predict(texts)]
    binary = MultiLabelBinarizer(classes=labels)
    model = make_pipeline(features, OneVsRestClassifier(LinearSVC(random_state=0)))
    model.fit(train[0], binary.fit_transform(train[1]))
    return [tuple(answer) for answer in binary.inverse_transform(model.predict(texts))]
