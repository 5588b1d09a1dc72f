"""A teacher says of texts how probable each label is: a regression on its vectors, out of fold for labelled texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from textcnn.errors import SettingsError
from textcnn.training.encoder_answers import TeachingAnswers
from textcnn.training.task import Labelled
from textcnn.training.teacher import answers_of_teacher, open_teacher

# Twenty texts of each of two labels, whose vectors say which.
TEXTS = [f"{side} {number}" for side in ("left", "right") for number in range(20)]
LABELS = [("l",)] * 20 + [("r",)] * 20


def sides(texts: Sequence[str]) -> np.ndarray:
    """Vectors of one number, with a little that says nothing."""
    noise = np.random.default_rng(0).normal(size=(len(texts), 3)) / 10
    side = [[1.0 if text.startswith("left") else -1.0] for text in texts]
    return np.concatenate([side, noise], axis=1).astype(np.float32)


def answers(
    labels: Sequence[tuple[str, ...]] = LABELS, others: Sequence[str] = (), *, multi_label: bool = False
) -> TeachingAnswers:
    return answers_of_teacher(sides, Labelled(TEXTS, labels), others, ["l", "r"], multi_label=multi_label, seed=0)


def test_it_answers_texts_that_nobody_has_labelled() -> None:
    ((left, right),) = answers(others=["left of all"]).others
    assert left > 0.9 and left + right == pytest.approx(1)


def test_a_labelled_text_is_answered_by_others() -> None:
    """A text whose label is wrong: the others say so."""
    found = answers([("r",), *LABELS[1:]])
    assert found.labelled[0, 1] < 0.2 and found.labelled[1, 0] > 0.8
    assert found.left_out.all()
    assert (found.labelled.argmax(axis=1) == [0] * 20 + [1] * 20).all()


def test_multi_label_texts_are_answered_each_label_by_itself() -> None:
    labels = [("l", "r")] * 20 + [("r",)] * 20
    ((left, right),) = answers(labels, ["right"], multi_label=True).others
    assert left < 0.2 and right == pytest.approx(1)


def test_the_only_text_of_a_label_is_answered_by_its_label() -> None:
    labelled = Labelled(["left", "right", "right too"], [("l",), ("r",), ("r",)])
    found = answers_of_teacher(sides, labelled, (), ["l", "r"], multi_label=False, seed=0)
    assert found.labelled[0].tolist() == [1, 0]
    assert found.left_out.tolist() == [False, True, True]


def test_a_model_in_a_folder_is_opened_without_the_network(tmp_path: Path) -> None:
    """A model of the library itself, if that is installed: vectors of words, averaged."""
    library = pytest.importorskip("sentence_transformers")
    tokenizers = pytest.importorskip("tokenizers")
    known = {"[UNK]": 0, "soup": 1, "engine": 2}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    modules = pytest.importorskip("sentence_transformers.models")
    static = modules.StaticEmbedding(words, embedding_weights=np.eye(3, dtype=np.float32))
    library.SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path / "tiny"))
    vectors = open_teacher(str(tmp_path / "tiny"))(["soup", "engine engine"])
    np.testing.assert_allclose(vectors, np.eye(3)[1:], atol=1e-6)
    with pytest.raises(SettingsError, match="--teacher: there is no folder"):
        open_teacher(str(tmp_path / "other"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="cannot be opened as a sentence-transformers model"):
        open_teacher(str(tmp_path / "empty"))
