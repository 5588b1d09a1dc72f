"""What is there already and is of another kind is not replaced: it would be lost, and training takes a while."""

import pytest
from program import TINY

NOTES = "label,text\nham,who could do without it\n"


@pytest.fixture
def notes(folder):
    path = folder / "notes.csv"
    path.write_text(NOTES)
    return path


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("train train.csv --epochs=1 -o notes.csv", "model"),
        ("train train.csv --epochs=1 --report notes.csv", "page"),
        ("evaluate train.csv --report notes.csv", "page"),
        ("check train.csv --data-only --report notes.csv", "page"),
        ("vectors train train.csv -o notes.csv", "table of vectors"),
        ("vectors convert english notes.csv", "table of vectors"),
    ],
)
def test_another_file_is_not_replaced(textcnn, model, train_csv, notes, command, kind):
    answer = textcnn(*command.split())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"textcnn: notes.csv is there already, and is no {kind} of textcnn: it would be lost; "
        "name another file, or remove this one first\n"
    )
    assert notes.read_text() == NOTES


def test_a_file_of_the_same_kind_is_and_one_without_content(textcnn, model, train_csv, folder):
    for name in ("old.bin", "empty.bin", "damaged.textcnn"):
        path = folder / name
        path.write_bytes({"old.bin": model.read_bytes(), "empty.bin": b"", "damaged.textcnn": b"half"}[name])
        assert textcnn("train", train_csv, "-q", "--quality=fast", "--epochs=1", "-o", name, *TINY).code == 0
        assert path.read_bytes()[8:].startswith(b'{"__metadata__":{"textcnn"')
    for _ in range(2):
        assert textcnn("check", train_csv, "--data-only", "-q", "--report", "page").code == 0


def test_vectors_are_no_model_and_a_model_no_vectors(textcnn, model, train_csv, folder):
    (folder / "table").write_bytes(bytes(8) + b'{"__metadata__":{"format":"textcnn-vectors-1"')
    assert "is no model" in textcnn("train", train_csv, "-o", "table", *TINY).err
    model.rename(folder / "kept")
    assert "is no table of vectors" in textcnn("vectors", "convert", "english", "kept").err
