"""`textcnn cv` as its users have it."""

import csv
import json
import signal

import pytest
from examples import EXAMPLES, write_csv
from program import TINY, changed, run

FAST = (*TINY, "--quality=fast", "--epochs=3")


def rows_of(path):
    """The rows of a table, of texts without line breaks."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def mails_csv(folder):
    """Forty labelled texts with an author and a day."""
    rows = [
        (label, text, f"author {number % 7}" if number else "", f"2024-01-{number // 2 + 1:02}")
        for number, (label, text) in enumerate(EXAMPLES)
    ]
    return write_csv(folder / "mails.csv", rows, ("label", "text", "author", "day"))


class TestInAPipe:
    @pytest.mark.slow
    def test_figures_a_line_for_each_fold_and_answers_in_a_file(self, folder, mails_csv):
        done = run("cv", mails_csv, *FAST, "--folds=2", "--baseline", "--write=out.csv", cwd=folder)
        assert done.returncode == 0, done.stderr
        said = done.stderr.decode().splitlines()
        assert [line.split(":")[0] for line in said if line.startswith("fold")] == [
            f"fold {fold} of 2, {name}" for fold in (1, 2) for name in ("textcnn", "TF-IDF + linear SVM")
        ]
        assert not any("holding out" in line for line in said)
        out = done.stdout.decode()
        assert out.startswith("2 folds of 40 texts\n")
        for name in ("accuracy", "macro F1", "micro F1", "MCC", "log loss", "calibration error", "is \\ said"):
            assert f"\n{name} " in out
        assert "corrected resampled t-test: p = " in out or "cannot tell" in out or "no difference" in out
        rows = rows_of(folder / "out.csv")
        assert list(rows[0]) == [
            *("label", "probability", "gold", "fold", "repeat", "source", "line", "author", "day"),
            *("probability_ham", "probability_spam", "text"),
        ]
        assert sorted(int(row["line"]) for row in rows) == list(range(2, 42))
        for row in rows:
            assert (row["gold"], row["text"]) == EXAMPLES[int(row["line"]) - 2]
            assert float(row["probability"]) == pytest.approx(float(row[f"probability_{row['label']}"]), abs=1e-4)


class TestCv:
    def test_json_and_json_lines(self, textcnn, mails_csv, folder):
        done = textcnn("cv", mails_csv, *FAST, "--folds=2", "--repeats=2", "--format=json", "--write=out.jsonl", "-q")
        assert done.code == 0 and done.err == ""
        made = json.loads(done.out)
        assert (made["texts"], made["folds"], made["repeats"], made["complete"]) == (40, 2, 2, 4)
        assert made["stopped"] is False and [one["name"] for one in made["configurations"]] == ["textcnn"]
        rows = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
        assert sorted((row["line"], row["repeat"]) for row in rows) == [(n, r) for n in range(2, 42) for r in (1, 2)]
        confusion = made["configurations"][0]["confusion"]
        right = sum(row["label"] == row["gold"] for row in rows)
        assert confusion[0][0] + confusion[1][1] == right and sum(map(sum, confusion)) == 80

    def test_groups_and_the_past(self, textcnn, mails_csv, folder):
        done = textcnn("cv", mails_csv, *FAST, "--folds=3", "--group-column=Author", "--write=out.jsonl", "-q")
        assert done.code == 0
        rows = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
        assert len({(row["author"], row["fold"]) for row in rows if row["author"]}) == 7
        done = textcnn("cv", mails_csv, *FAST, "--folds=3", "--time-column=day", "--format=json", "-q")
        assert [part["learned"] for part in json.loads(done.out)["parts"]] == [10, 20, 30]

    def test_configurations_are_compared(self, textcnn, mails_csv, folder):
        (folder / "two.toml").write_text("filters = 2\n", encoding="utf-8")
        done = textcnn("cv", mails_csv, *FAST, "--folds=2", "--compare=fast", "--compare=two.toml", "-q")
        assert done.code == 0
        assert "\nfast\n" in done.out and "\ntwo.toml\n" in done.out and "is \\ said" not in done.out
        assert "difference " in done.out and "95 % from" in done.out
        done = textcnn("cv", mails_csv, *FAST, "--folds=2", "--compare=two.toml", "--format=json", "-q")
        first, second = json.loads(done.out)["configurations"]
        assert (first["name"], first["settings"]["filters"]) == ("as given", 6)
        assert (second["name"], second["settings"]["filters"]) == ("two.toml", 2)

    def test_multi_label_texts(self, textcnn, folder):
        rows = [(label if at % 4 else f"{label}|odd", text) for at, (label, text) in enumerate(EXAMPLES)]
        write_csv(folder / "several.csv", rows)
        done = textcnn(
            "cv", "several.csv", "--label-separator=|", *FAST, "--folds=2", "--baseline", "--write=out.csv", "-q"
        )
        assert done.code == 0 and "all labels right" in done.out and "MCC" not in done.out
        assert {row["gold"] for row in rows_of(folder / "out.csv")} == {*("ham", "spam", "ham|odd")}

    @pytest.mark.parametrize(
        ("options", "code", "message"),
        [
            (["--folds=41"], 1, "only 40 texts, too few for 41 folds: choose at most 40"),
            (["--folds=9", "--group-column=author"], 1, "only 8 groups, too few for 9 folds: choose at most 8"),
            (["--group-column=who"], 1, "there is no column 'who' beside text and label; there is 'author', 'day'"),
            (["--time-column=author"], 1, "mails.csv:2: '' is no time; needed is a date"),
            (["--time-column=day", "--repeats=2"], 2, "texts have one order in time"),
            (["--folds=1"], 2, "--folds"),
            (["--compare=quick"], 2, "--compare takes fast, good, or a TOML file of settings"),
            (["--compare=fast", "--compare=fast"], 2, "--compare fast is there twice"),
            (["--write=out.txt"], 2, "--write takes a name that ends with .csv or .jsonl, not 'out.txt'"),
            (["--write=mails.csv"], 1, "mails.csv is one of the inputs"),
            (["--write=no/out.csv"], 1, "there is no folder"),
        ],
        ids=str,
    )
    def test_mistakes_are_explained(self, textcnn, mails_csv, options, code, message):
        done = textcnn("cv", "mails.csv", *FAST, *options)
        assert done.code == code and done.out == ""
        assert message in " ".join(done.err.split())

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([("ham", "same"), ("spam", "same")] * 4, "all 8 texts are near-copies of each other"),
            ([("ham", ""), ("spam", "")] * 4, "all texts are empty"),
            ([("ham", f"text {number}") for number in range(8)], "single label"),
        ],
        ids=["copies", "empty", "one label"],
    )
    def test_texts_that_say_nothing(self, textcnn, folder, rows, message):
        write_csv(folder / "few.csv", rows)
        done = textcnn("cv", "few.csv", *FAST, "--text-column=text", "--label-column=label")
        assert done.code == 1 and message in " ".join(done.err.split())


@pytest.mark.slow
def test_ctrl_c_ends_with_the_folds_that_are_complete(start, mails_csv):
    program = start("cv", mails_csv, *changed(FAST, "--epochs=20"), "--folds=20")
    program.wait_until_said("fold 2 of 20")
    program.send_signal(signal.SIGINT)
    code, said = program.end()
    assert code == 130 and "of 20 folds were complete; the figures are theirs\n" in said
    assert "Traceback" not in said
    assert program.answer().startswith("20 folds of 40 texts; ")
