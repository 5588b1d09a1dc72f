"""Soft labels at the command line: what `predict --format jsonl` writes, `train` learns from."""

import json
from pathlib import Path

import pytest
from examples import EXAMPLES
from program import TINY

QUICK = (*TINY, "--epochs=8", "--quality=fast")
ROWS = [
    {"text": text, "probabilities": {label: 0.9, other: 0.1}}
    for label, text in EXAMPLES
    for other in ({"ham", "spam"} - {label})
]


def write(folder: Path, rows) -> str:
    (folder / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return "pool.jsonl"


def changed(at: int, **fields):
    return [{**row, **fields} if number == at else row for number, row in enumerate(ROWS)]


def test_answers_of_a_model_are_what_another_learns_from(textcnn, folder, model):
    (folder / "pool.txt").write_text("".join(f"{text}\n" for _, text in EXAMPLES), encoding="utf-8")
    answers = textcnn("predict", "-m", model, "--format=jsonl", "--input=pool.txt", "--input-format=lines").out
    (folder / "pool.jsonl").write_text(answers, encoding="utf-8")
    trained = textcnn("train", "pool.jsonl", "-o", "student.textcnn", *QUICK)
    assert trained.code == 0
    assert f'learns from {len(EXAMPLES)} soft labels, the "probabilities" of texts' in trained.err
    assert "held out, against their labels, not their probabilities" in trained.err


def test_the_likeliest_is_the_label_where_none_is_given(textcnn, folder):
    assert textcnn("train", write(folder, ROWS), "-o", "a.textcnn", *QUICK).code == 0
    labelled = [{"label": label, **row} for (label, _), row in zip(EXAMPLES, ROWS, strict=True)]
    assert textcnn("train", write(folder, labelled), "-o", "b.textcnn", *QUICK).code == 0
    mixed = [{"label": label, "text": text} for label, text in EXAMPLES] + ROWS
    assert f"learns from {len(ROWS)} soft labels" in textcnn("train", write(folder, mixed), *QUICK).err


@pytest.mark.parametrize(
    ("probabilities", "problem"),
    [
        (
            {"spam": 0.5, "ham": 0.4},
            'pool.jsonl:3: the numbers in "probabilities" add up to 0.9, where 1 is needed; give',
        ),
        ({"spam": 1.4, "ham": -0.4}, "pool.jsonl:3: \"probabilities\" has 1.4 for 'spam', where a number from 0 to 1"),
        ({"spam": float("nan")}, "pool.jsonl:3: \"probabilities\" has null for 'spam', where a number from 0 to 1"),
        ({"spam": "high"}, "pool.jsonl:3: \"probabilities\" has 'high' for 'spam', where a number from 0 to 1"),
        ({}, 'pool.jsonl:3: "probabilities" holds an empty object'),
        ([0.5, 0.5], 'pool.jsonl:3: "probabilities" is no object, unlike that of line 1'),
    ],
)
def test_wrong_ones_are_named_by_file_and_line(textcnn, folder, probabilities, problem):
    rows = changed(2, label="spam", probabilities=probabilities)
    refused = textcnn("train", write(folder, rows), *QUICK)
    assert refused.code == 1 and problem in refused.err
    skipped = textcnn("train", "pool.jsonl", "--skip-bad-rows", *QUICK)
    assert skipped.code == 0 and f"1 bad row skipped; the first: {problem[:20]}" in skipped.err


def test_rounded_ones_are_made_to_add_up(textcnn, folder):
    rows = [{**row, "probabilities": {label: 0.995 * p for label, p in row["probabilities"].items()}} for row in ROWS]
    assert textcnn("train", write(folder, rows), *QUICK).code == 0


def test_what_is_about_something_else_is_no_soft_label(textcnn, folder):
    labelled = [{"label": label, "text": text} for label, text in EXAMPLES]
    lists = textcnn("train", write(folder, [{**row, "probabilities": [0.5]} for row in labelled]), *QUICK)
    assert lists.code == 0 and "soft labels" not in lists.err
    weather = textcnn("train", write(folder, [{**row, "probabilities": {"rain": 1}} for row in labelled]), *QUICK)
    assert weather.code == 1 and "but none of those in \"probabilities\": 'rain'; call that key" in weather.err


def test_an_answer_that_is_no_label_gives_way_to_the_likeliest(textcnn, folder):
    rows = changed(1, label="unknown")
    trained = textcnn("train", write(folder, rows), *QUICK)
    assert trained.code == 0
    assert "read as the likeliest one in 1 of 40 texts; the first: pool.jsonl:2: 'unknown'" in trained.err
    assert "40 texts, 2 labels" in trained.err


def test_several_labels_have_probabilities_of_their_own(textcnn, folder):
    rows = [{"text": text, "probabilities": {"spam": 0.8, "loud": 0.7}} for _, text in EXAMPLES[:20]]
    rows += [{"text": text, "probabilities": {"spam": 0.1, "loud": 0.2}} for _, text in EXAMPLES[20:]]
    trained = textcnn("train", write(folder, rows), "--labels-per-text=several", *QUICK)
    assert trained.code == 0 and "all labels right" in trained.err
    refused = textcnn("train", "pool.jsonl", *QUICK)
    assert refused.code == 1 and "add up to 1.5" in refused.err and "--labels-per-text several" in refused.err


def test_evaluation_goes_by_the_label(textcnn, folder, model):
    rows = [{"label": label, "text": text, "probabilities": {"spam": 0.5, "ham": 0.5}} for label, text in EXAMPLES]
    plain = [{"label": label, "text": text} for label, text in EXAMPLES]
    found = [textcnn("evaluate", write(folder, each), "--format=json").out for each in (rows, plain)]
    assert json.loads(found[0])["accuracy"] == json.loads(found[1])["accuracy"]
