"""Who comes from fastText finds its files, its output, and its commands."""

import re
import shlex

import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from program import ROOT, tiny

LINE = re.compile(r"(__label__\S+ [-+.e\d]+)( __label__\S+ [-+.e\d]+)*")


def table():
    """Commands of textcnn in the README's table, and those of fastText beside them."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What was that in fastText?")[2]
    return re.findall(r"^\| `(fasttext [^`]+)` \| `(textcnn [^`]+)` \|$", readme.partition("\n## ")[0], re.MULTILINE)


@pytest.fixture
def files(folder):
    for name in ("train.txt", "test.txt", "dev.txt"):
        lines = [f"__label__{label} {text}\n" for label, text in EXAMPLES]
        (folder / name).write_text("".join(lines if name == "train.txt" else reversed(lines)))
    vectors = "".join(f"{word} 0.1 0.{number % 10} -0.2\n" for number, word in enumerate(" ".join(HAM + SPAM).split()))
    (folder / "wiki.vec").write_text(vectors)


class TestFormat:
    def test_a_line_is_that_of_predict_prob(self, textcnn, model):
        lines = textcnn("predict", "--format=fasttext", SPAM[0], "", HAM[0]).out.splitlines()
        assert len(lines) == 3
        for line in lines:
            label, probability = line.split(" ")
            assert label in ("__label__ham", "__label__spam") and 0.5 <= float(probability) <= 1
        two = textcnn("predict", "--format=fasttext", "--top=2", SPAM[0]).out.split()
        assert [two[0], two[2]] == ["__label__spam", "__label__ham"]
        assert float(two[1]) + float(two[3]) == pytest.approx(1, abs=1e-4)
        unsure = textcnn("predict", "--format=fasttext", "--threshold=1", "--otherwise=not sure", SPAM[0]).out
        assert unsure == f"__label__not_sure {two[1]}\n"

    def test_of_several_labels_each_has_its_probability(self, textcnn, folder):
        rows = [(f"{label}|very long" if len(text) > 25 else label, text) for label, text in EXAMPLES]
        write_csv(folder / "tags.csv", rows)
        options = ["--labels-per-text=several", "--label-separator=|", "--quality=fast", *tiny("--epochs=30")]
        assert textcnn("train", "tags.csv", "-q", *options).code == 0
        out = textcnn("predict", "--format=fasttext", "--threshold=0", HAM[0]).out.strip()
        assert LINE.fullmatch(out) and "__label__very_long " in out and len(set(out.split()[1::2])) == 3
        assert textcnn("predict", "--format=fasttext", "--threshold=1", "--otherwise=", HAM[0]).out.startswith(
            "__label__ "
        )


@pytest.mark.slow
def test_every_command_of_the_table_does_what_it_stands_for(textcnn, files, folder):
    commands = table()
    assert {command.split()[1] for command, _ in commands} >= {"supervised", "predict", "predict-prob", "test"}
    test = (folder / "test.txt").read_bytes()
    trained = textcnn("train", "train.txt", "-q", "-o", "model.textcnn", *tiny("--epochs=30", "--quality=fast"))
    assert trained.code == 0
    for theirs, ours in commands:
        _, command, *arguments = shlex.split(ours)
        if command == "train":
            arguments = [
                *tiny("--epochs=2", "--quality=fast", *(["--vectors=wiki.vec"] if "--vectors" in arguments else [])),
                *arguments,
            ]
            arguments = [
                one
                for number, one in enumerate(arguments)
                if one != "--vectors" and arguments[number - 1] != "--vectors"
            ]
            arguments[arguments.index("model.textcnn")] = "other.textcnn"
        if "#" in arguments:
            (folder / "train.txt").write_text((folder / "train.txt").read_text().replace("__label__", "#"))
        done = textcnn(command, *arguments, stdin=b"".join(line.split(b" ", 1)[1] for line in test.splitlines(True)))
        assert done.code == 0, (theirs, done.err)
        if "fasttext" in arguments:
            assert all(LINE.fullmatch(line) for line in done.out.splitlines()) and done.out.count("\n") == len(EXAMPLES)
        if "label" in arguments:
            assert set(done.out.split()) == {"ham", "spam"}
        if "#" in arguments:
            (folder / "train.txt").write_text((folder / "train.txt").read_text().replace("#", "__label__"))
