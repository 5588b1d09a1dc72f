"""`train --teacher`: a sentence-transformers model says of texts what is learned; a stub stands for it here."""

import sys
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from examples import EXAMPLES, write_csv
from program import TINY


class Encoder:
    """A library of this interface, whose vectors tell how long texts are, and which tells how it was asked."""

    def __init__(self, name, local_files_only=False):
        sys.stderr.write(f"opened {name} {local_files_only}\n")

    def encode(self, texts, normalize_embeddings, show_progress_bar, convert_to_numpy):
        assert normalize_embeddings and convert_to_numpy and not show_progress_bar
        angle = np.array([len(text) for text in texts]) / 100
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)


QUICK = (*TINY, "--epochs=8", "--quality=fast")


@pytest.fixture
def taught(textcnn, folder, monkeypatch):
    """Train with such a teacher; the exit code, and what is said."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=Encoder))
    write_csv(folder / "few.csv", EXAMPLES)

    def train(teacher, *more):
        answer = textcnn("train", "few.csv", "--teacher", teacher, *more, *QUICK)
        return answer.code, answer.err

    return train


def test_what_it_says_is_learned(taught, folder):
    (folder / "model").mkdir()
    code, said = taught("model")
    assert code == 0 and "opened model True" in said  # a folder never asks the network
    assert "model teaches: it tells " in said and "of texts that it has not learned from" in said
    assert "against their labels, not their probabilities" in said


def test_it_labels_texts_without_labels(taught, folder):
    (folder / "model").mkdir()
    (folder / "rest.txt").write_text("".join(f"call me at {number}\n" for number in range(30)))
    code, said = taught("model", "--unlabelled=rest.txt")
    assert code == 0 and "it labels 30 further texts, which count in all figures as if they were right\n" in said


def test_of_few_texts_the_encoder_has_a_say(taught, textcnn, folder):
    (folder / "model").mkdir()
    (folder / "rest.txt").write_text("".join(f"call me at {number}\n" for number in range(30)))
    answer = textcnn("train", "few.csv", "--teacher=model", "--unlabelled=rest.txt")
    assert answer.code == 0 and "the sentence encoder of textcnn tells " in answer.err
    assert "of what is taught the encoder says " in answer.err or "the teacher is left out" in answer.err
    assert "30 texts without labels" in answer.err and "further texts" not in answer.err


def test_a_name_may_ask_the_network(taught):
    assert "opened some-model False" in taught("some-model")[1]


def test_a_folder_that_is_not_there_is_none(taught):
    code, said = taught("./model")
    assert code == 2 and said.endswith("--teacher: there is no folder ./model\n")


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the library is installed")
def test_without_the_library_one_line_says_how_to_install_it(textcnn, folder):
    write_csv(folder / "few.csv", EXAMPLES)
    refused = textcnn("train", "few.csv", "--teacher=some-model", "-q", *QUICK)
    assert refused.code == 1 and "sentence_transformers" not in sys.modules
    assert refused.err.startswith("textcnn: this needs sentence-transformers, which is not installed: pip install ")
