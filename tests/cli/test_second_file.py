"""Texts that come second, to validate, evaluate or check with, are read as the first ones were."""

import json

import pytest
from examples import EXAMPLES, write_csv
from program import TINIEST, changed

# A comma inside a name: "food" and "drink" are also labels, but the names are not all made of such parts.
PLACES = [
    (label, f"{word} {number}")
    for label, word in (("food", "bread"), ("drink", "water"), ("food, drink", "inn"), ("bed, breakfast", "hotel"))
    for number in range(6)
]
LOOKS_LIKE_SEVERAL = [("food, drink", "inn"), ("drink, food", "inn"), ("food", "bread"), ("drink", "water")]


@pytest.mark.slow
def test_a_list_of_one_label_is_that_label_there_too(textcnn, folder):
    write_csv(folder / "listed.csv", [(f'["{label}"]', text) for label, text in EXAMPLES])
    assert textcnn("train", "listed.csv", "-q", "--epochs=30", *changed(TINIEST, "--linear=on")).code == 0
    answer = textcnn("evaluate", "listed.csv", "--baseline", "listed.csv", "--format=json")
    found = json.loads(answer.out)
    assert set(found["labels"]) == {"ham", "spam"}
    assert found["accuracy"] > 0.9 and found["comparisons"][0]["second_accuracy"] > 0.9


def test_labels_per_text_one_keeps_fields_of_the_second_file_whole(textcnn, folder):
    write_csv(folder / "first.csv", LOOKS_LIKE_SEVERAL * 4)
    assert "separated by" in textcnn("train", "first.csv", "--epochs=2", *TINIEST).err
    answer = textcnn("train", "first.csv", "--labels-per-text=one", "--epochs=2", *TINIEST)
    assert answer.code == 0 and "separated by" not in answer.err
    assert set(json.loads(textcnn("evaluate", "first.csv", "--format=json").out)["labels"]) == {
        label for label, _ in LOOKS_LIKE_SEVERAL
    }


def test_labels_per_text_several_splits_fields_of_the_second_file(textcnn, folder):
    write_csv(folder / "first.csv", [row for row in PLACES if "," not in row[0]])
    write_csv(folder / "second.csv", LOOKS_LIKE_SEVERAL)
    for multi_label in ("--labels-per-text=several", "--labels-per-text=auto"):
        answer = textcnn("train", "first.csv", multi_label, "--validation", "second.csv", "--epochs=2", *TINIEST)
        assert ("separated by" in answer.err) is multi_label.endswith("several")


class TestNamesWithAComma:
    """Fields of the first file are not split, and so those of the second are not, whatever they look like alone."""

    def test_validation_labels_are_read_as_the_training_labels_were(self, textcnn, folder):
        write_csv(folder / "first.csv", PLACES)
        write_csv(folder / "second.csv", LOOKS_LIKE_SEVERAL)
        answer = textcnn("train", "first.csv", "--validation", "second.csv", "--epochs=2", *TINIEST)
        assert answer.code == 0 and "separated by" not in answer.err
        assert "cannot be learned, for no training text has them: 'drink, food'" in answer.err
        said = json.loads(textcnn("predict", "inn", "--format=jsonl").out)
        assert isinstance(said["label"], str)

    def test_when_they_are_evaluated_or_checked(self, textcnn, folder):
        write_csv(folder / "first.csv", PLACES)
        write_csv(folder / "second.csv", LOOKS_LIKE_SEVERAL)
        assert textcnn("train", "first.csv", "-q", "--epochs=2", *TINIEST).code == 0
        assert "'drink, food'" in textcnn("evaluate", "second.csv").err
        checked = textcnn("check", "first.csv", "--against", "second.csv", "--data-only")
        assert "separated by" not in checked.err
