"""Labels that only one of two files has: which, how often, and what was probably meant."""

import json

import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from program import TINIEST

from textcnn.evaluation.label_differences import unknown_labels


def test_unknown_labels_are_counted_and_so_are_their_texts() -> None:
    found = unknown_labels([("news",), ("ham",), ("news", "sport"), (), ("10",), ("9",)], {"ham", "spam"})
    assert found.counts == {"10": 1, "9": 1, "news": 2, "sport": 1} and found.texts == 4
    assert str(found) == "'10' (1), '9' (1), 'news' (2), 'sport' (1)"
    assert unknown_labels([("ham",)], ["ham", "spam"]).texts == 0


@pytest.mark.parametrize(
    ("label", "known", "hint"),
    [
        ("Spam", "spam", "'Spam' is probably 'spam'"),
        ("spam\u200b", "spam", "'spam\\u200b' is probably 'spam'"),
        ("e\u0301", "\u00e9", "'e\\u0301' is probably '\\xe9'"),
        ("很好 ", "很好", "'很好 ' is probably '很好'"),
    ],
)
def test_what_differs_in_case_or_invisibly_is_probably_the_same(label: str, known: str, hint: str) -> None:
    assert str(unknown_labels([(label,)], ["other", known])).endswith(f"; {hint}: write them alike")


class TestCommands:
    @pytest.fixture(autouse=True)
    def files(self, folder):
        """Of 20 texts that measure, five have a label with a capital and three one that is not learned."""
        write_csv(folder / "train.csv", [*EXAMPLES, *(("junk", f"{text} again") for text in SPAM[:4])])
        labels = ["Spam"] * 5 + ["news"] * 3 + ["spam"] * 12
        write_csv(folder / "test.csv", zip(labels, (f"{text}, really" for text in SPAM), strict=True))
        write_csv(folder / "none.csv", [("news", text) for text in HAM])

    def test_evaluate_names_what_counts_as_wrong_and_what_is_not_measured(self, textcnn, model):
        answer = textcnn("evaluate", "-m", model, "test.csv", "--format=json")
        assert (
            "8 of 20 texts: the model does not know these labels; each text of theirs counts as wrong: 'Spam' (5), "
            "'news' (3); 'Spam' is probably 'spam': write them alike\n"
        ) in answer.err
        assert "no text has these labels of the model, so nothing is measured of them: 'ham'\n" in answer.err
        assert json.loads(answer.out)["accuracy"] <= 12 / 20

    def test_evaluate_asks_for_the_column_where_no_label_is_known(self, textcnn, model):
        answer = textcnn("evaluate", "-m", model, "none.csv", "-q")
        assert (
            answer.err.endswith("'news' (20); is --label-column right?\n") and "accuracy           0.0000" in answer.out
        )

    def test_training_names_what_validation_texts_have_and_lack(self, textcnn):
        answer = textcnn("train", "train.csv", "--validation", "test.csv", "--epochs=1", *TINIEST)
        assert "no training text has them: 'Spam' (5), 'news' (3); 'Spam' is probably 'spam'" in answer.err
        assert "labels of the training texts that are not validated: 'ham', 'junk'\n" in answer.err
        refused = textcnn("train", "train.csv", "--validation", "none.csv", *TINIEST)
        assert refused.code == 1 and refused.err.endswith("but 'news' (20); is --label-column right for both?\n")

    def test_a_check_compares_the_labels_of_two_files(self, textcnn):
        arguments = ("check", "train.csv", "--data-only", "--format=json", "--against")
        (found,) = (
            check
            for check in json.loads(textcnn(*arguments, "test.csv").out)["checks"]
            if check["name"] == "label sets"
        )
        assert found["verdict"] == "error"
        assert found["figure"] == "labels in this file only: 2; in the other one only: 2, on 8 of its 20 texts"
        assert found["advice"] == (
            "what is not learned cannot be answered: 'Spam' (5), 'news' (3); 'Spam' is probably 'spam': write them "
            "alike; what is not there is not measured: 'ham' (20), 'junk' (4)"
        )
        assert '"both files have the same 3 labels"' in textcnn(*arguments, "train.csv").out
