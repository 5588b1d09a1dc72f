"""Of an option that is given twice, which value would count?"""

import pytest

from textcnn.cli.help import HelpCommand


@pytest.mark.parametrize(
    "words",
    [
        "train train.csv --seed 1 --seed 2",
        "train train.csv --seed=1 -o a.textcnn --output b.textcnn",
        "check train.csv --data-only --format json --format json",
        "predict hello -m model.textcnn -m model.textcnn",
        "predict --input train.csv -i train.csv",
        "evaluate train.csv --encoding utf-8 --encoding latin-1",
        "vectors nearest film -n 3 -n 4",
    ],
)
def test_an_option_with_one_value_is_refused(textcnn, model, train_csv, words):
    answer = textcnn(*words.split())
    assert answer.code == 2 and answer.out == ""
    assert "is given 2 times, but takes one value" in answer.err and answer.err.count("\n") == 1


def test_flags_that_contradict_are_refused_and_others_harmless(textcnn, model, train_csv):
    answer = textcnn("check", train_csv, "--data-only", "--header", "--no-header")
    assert answer.code == 2 and "--header and --no-header contradict each other" in answer.err
    assert textcnn("check", train_csv, "--data-only", "--header", "--header", "-qq").code == 0


def test_options_with_several_values_take_them(textcnn, model):
    assert textcnn("predict", "win cash", "--only=spam", "--only=ham", "--format=label").out == "spam\n"


def test_every_command_refuses_them():
    from typer.main import get_command

    from textcnn.cli.application import program

    def leaves(command):
        below = getattr(command, "commands", {}).values()
        return [leaf for each in below for leaf in leaves(each)] if below else [command]

    assert all(isinstance(leaf, HelpCommand) for leaf in leaves(get_command(program())))
