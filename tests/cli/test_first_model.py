"""`train --labels` guesses a first model from names; `--label-hints` says what labels mean."""

import json

import pytest

TEXTS = [
    *("the soup was cold", "a fine dinner with good bread", "the cook burned our fish", "fresh salad and wine"),
    *("the engine stalled again", "new tyres for the truck", "brakes that squeal", "a dealer sold me this van"),
]


@pytest.fixture
def pool(folder):
    (folder / "pool.txt").write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    return "pool.txt"


def test_a_first_model_says_that_it_is_a_guess(textcnn, folder, pool):
    (folder / "hints.toml").write_text('car = "engines, brakes, driving"\n', encoding="utf-8")
    made = textcnn("train", "--labels", "car,food", pool, "--label-hints", "hints.toml", "-o", "first.textcnn")
    assert made.code == 0
    words = "car: 'engines, brakes, driving', food: 'food'"
    assert f"first.textcnn: a guess from the names of the labels ({words}); nothing says how good it is" in made.err
    assert "textcnn label pool.txt --labels car,food" in made.err
    assert textcnn("predict", "-m", "first.textcnn", "--format=label", "my lunch was late").out == "food\n"
    for option in ("--sure=0.9", "--max-error=0.1", "--novel-above=0.99"):
        refused = textcnn("predict", "-m", "first.textcnn", option, "my lunch was late")
        assert refused.code == 1 and "guessed from the names of its labels" in refused.err
        assert "label some, with textcnn label say" in refused.err
    shown = json.loads(textcnn("inspect", "-m", "first.textcnn", "--format=json").out)
    assert shown["figures"]["guessed_from"]["food"] == "food" and "validation" not in shown["figures"]


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (("--labels=0,1",), 2, "nothing can be guessed from label '0': it has no word that the vectors know"),
        (("--labels=food",), 2, "--labels takes at least two different labels"),
        (("--labels=food,car", "--report=page.html"), 2, "leave out --report"),
        (("--labels=food,car", "--labels-per-text=several"), 2, "where each text has one, not several"),
        (("--labels=food,car", "--metric=macro-f1"), 2, "metric needs labelled texts"),
        (("--labels=food,car", "--outside=other"), 2, "outside needs labelled texts"),
        (("--labels=food,car", "--label-hints=none.toml"), 2, "cannot read the settings none.toml"),
        (("--labels=food,car", "--label-hints=numbers.toml"), 2, "numbers.toml: each label hint must be words"),
        (("--labels=food,car", "--label-hints=others.toml"), 2, "label_hints: there is no label 'cat'"),
    ],
)
def test_what_cannot_be_guessed_is_refused(textcnn, folder, pool, options, code, problem):
    (folder / "numbers.toml").write_text("food = 1\n", encoding="utf-8")
    (folder / "others.toml").write_text('[label_hints]\ncat = "pets"\n', encoding="utf-8")
    refused = textcnn("train", pool, *options)
    assert problem in refused.err and refused.code == code


def test_hints_stand_in_a_file_of_settings_too(textcnn, folder):
    rows = "".join(f"{'food' if number < 4 else 'car'},{text}\n" for number, text in enumerate(TEXTS))
    (folder / "few.csv").write_text("label,text\n" + rows, encoding="utf-8")
    (folder / "settings.toml").write_text(
        'seed = 1\n[label_hints]\ncar = "engines"\nfood = "meals"\n', encoding="utf-8"
    )
    for options in ((), ("--settings=settings.toml",)):
        made = textcnn("train", "few.csv", "--seed=1", *options, "-o", f"m{len(options)}.textcnn")
        assert made.code == 0 and "8 texts held out" in made.err
    assert (folder / "m0.textcnn").read_bytes() != (folder / "m1.textcnn").read_bytes()
