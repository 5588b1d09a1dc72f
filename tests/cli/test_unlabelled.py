"""`train --unlabelled`: more texts, whose labels nobody looks at."""

import pytest
from examples import EXAMPLES, write_csv

from textcnn.corpus import Reading
from textcnn.corpus.text_sample import sample_texts


def test_texts_of_several_files_and_formats(textcnn, folder):
    write_csv(folder / "few.csv", EXAMPLES[:12], header=("label", "text"))
    write_csv(
        folder / "others.csv", [("never seen", f"a further text {n}") for n in range(9)], header=("label", "text")
    )
    (folder / "more.txt").write_text("win a free car\n\nlunch on friday\n", encoding="utf-8")
    answer = textcnn("train", "few.csv", "--unlabelled", "others.csv", "--unlabelled", "more.txt")
    assert answer.code == 0, answer.err
    assert "\n11 texts without labels\n" in answer.err
    assert "uses 11 texts without labels" in answer.err or "11 texts without labels are left out" in answer.err
    assert "never seen" not in textcnn("predict", "--format", "json", "a further text").out


def test_of_very_many_texts_some_are_drawn(folder):
    lines = [f"text {number}" for number in range(1000)]
    (folder / "many.txt").write_text("\n".join(lines), encoding="utf-8")
    first, again, other = (
        sample_texts([str(folder / "many.txt")], reading=Reading(), most=50, seed=seed) for seed in (0, 0, 1)
    )
    assert (len(set(first.texts)), first.total) == (50, 1000)
    assert first.texts == again.texts != other.texts
    assert first.texts == sorted(first.texts, key=lines.index)


@pytest.mark.parametrize("name", ["missing.txt"])
def test_a_file_that_is_not_there_is_named(textcnn, folder, name):
    write_csv(folder / "few.csv", EXAMPLES[:12], header=("label", "text"))
    answer = textcnn("train", "few.csv", "--unlabelled", name)
    assert answer.code == 1 and name in answer.err
