"""What a model remembers of how its texts were read, and how others are read by it."""

import os

import pytest

from textcnn.corpus import Reading, open_corpus, read_corpus
from textcnn.corpus.learned_reading import as_learned, is_sound, learned_reading
from textcnn.corpus.record import LearnedReading
from textcnn.errors import ColumnError

LEARNED = LearnedReading(("Rest", "Start"), ("mood",))
TABLE = "Start,Note,mood,Rest\n" + "".join(
    f"A letter {at},such as it is {at},{'glad' if at % 2 else 'sad'},we write to you {at}\n" for at in range(8)
)


@pytest.fixture
def write(tmp_path):
    def writing(content, name="a.csv"):
        (tmp_path / name).write_text(content)
        return tmp_path / name

    return writing


def read(path, learned=LEARNED, *, labelled=True, **told):
    with open_corpus(path, reading=as_learned(Reading(**told), learned), labelled=labelled) as reader:
        records = list(reader)
    return records[0].text, records[0].labels, reader.describe().partition("; text from ")[2]


class TestTaken:
    """Columns of the names that a model learned from are taken, without a guess."""

    def test_where_others_are_in_doubt(self, write):
        path = write(TABLE)
        with pytest.raises(ColumnError, match="cannot tell which column is the text"):
            read(path, None)
        text, labels, said = read(path)
        assert (text, labels) == ("we write to you 0 | A letter 0", ("sad",))
        assert said == '"Rest" and "Start" (as in training, joined), labels from "mood" (as in training)'

    def test_in_other_case_and_other_formats(self, write):
        assert read(write(TABLE.replace("Rest\n", "REST\n").replace(",", "\t"), "a.tsv"))[0].startswith("we write")
        path = write('{"doc": {"Rest": "so", "x": "a b"}, "Start": 5, "is": {"a": 0, "b": 1}}\n' * 2, "a.jsonl")
        learned = LearnedReading(("doc.Rest", "Start"), ("is.a", "is.b"))
        assert read(path, learned)[:2] == ("so | 5", ("is.b",))

    def test_a_header_is_known_by_them(self, write):
        path = write("this,that\nx,y\n")
        with pytest.raises(ColumnError, match="cannot tell whether its first row is a header"):
            read(path, None)
        assert read(path, LearnedReading(("this",), ("that",)))[:2] == ("x", ("y",))

    def test_what_is_told_wins(self, write):
        text, labels, said = read(write(TABLE), text_column="Note")
        assert (text, labels) == ("such as it is 0", ("sad",))
        assert said == '"Note" (as told), labels from "mood" (as in training)'
        assert read(write(TABLE), label_column="Start", text_column="mood")[:2] == ("sad", ("A letter 0",))
        assert read(write(TABLE), label_column="Start")[:2] == ("we write to you 0", ("A letter 0",))

    def test_who_wants_no_labels_gets_none(self, write):
        assert read(write(TABLE), labelled=False)[1:] == ((), '"Rest" and "Start" (as in training, joined)')

    def test_its_labels_are_no_texts_where_its_text_is_not_there(self, write):
        path = write("mood,nr\n" + "".join(f"{'very glad' if at % 2 else 'sad'},{at}\n" for at in range(9)))
        learned = LearnedReading(("Note",), ("mood",))
        assert read(path, learned, labelled=False)[2].startswith(
            '"nr" (the only one left; the model learned from "Note"'
        )
        with pytest.raises(ColumnError, match="cannot tell which column is the text"):
            read(write("mood\nsad\nglad\n"), learned, labelled=False)

    def test_on_a_pipe_one_row_is_enough(self):
        receiving, sending = os.pipe()
        with os.fdopen(sending, "wb") as pipe, os.fdopen(receiving, "rb") as stream:
            pipe.write(b"Note,Start,Rest\none,two,three\n")
            pipe.flush()
            reading = as_learned(Reading(format="csv"), LEARNED)
            with open_corpus("-", reading=reading, labelled=False, stream=stream) as reader:
                assert next(reader).text == "three | two"


class TestAbsent:
    """What must be taken in their place is guessed as ever, and it is said."""

    def test_texts_that_are_there_are_joined(self, write):
        text, _, said = read(write(TABLE.replace("Start", "Head", 1)))
        assert text == "we write to you 0"
        assert said.startswith('"Rest" (as in training; the model learned from "Start", which is not there), labels')

    def test_others_are_found(self, write):
        _, _, said = read(write("label,text\n" + "a,x y\nb,y z\n" * 4))
        assert said == (
            '"text" (by name; the model learned from "Rest" and "Start", which are not there), '
            'labels from "label" (by name; the model learned from "mood", which is not there)'
        )

    def test_labels_with_a_column_each_are_all_there_or_none_is_taken(self, write):
        path = write("text,a,b\n" + "x y,0,1\ny z,1,0\n" * 4)
        assert read(path, LearnedReading(("text",), ("a", "b")))[1] == ("b",)
        with pytest.raises(ColumnError, match="cannot tell which column is the label"):
            read(path, LearnedReading(("text",), ("a", "b", "c")))

    def test_two_columns_of_the_name_are_no_choice(self, write):
        with pytest.raises(ColumnError, match='2 columns are called "Rest"'):
            read(write(TABLE.replace("Note", "Rest", 1)))

    def test_lines_have_no_columns(self, write):
        assert read(write("x\ny\n", "a.txt"), labelled=False) == ("x", (), "")


class TestMarks:
    def test_the_separator_of_labels(self, write):
        path = write("text,label\n" + "x y,a/b\ny z,b\n" * 2)
        assert read(path, LearnedReading(label_separator="/"))[1] == ("a", "b")
        assert read(path, LearnedReading(label_separator="/"), label_separator="")[1] == ("a/b",)

    def test_the_prefix_of_labels_where_there_are_some(self, write):
        learned = LearnedReading(label_prefix="#")
        assert read(write("#a x y\n#b y z\n", "a.txt"), learned)[:2] == ("x y", ("a",))
        assert read(write("text,label\nx y,a\ny z,b\n"), learned)[:2] == ("x y", ("a",))
        assert read(write("x y\ny z\n", "a.txt"), learned, labelled=False)[:2] == ("x y", ())

    def test_annotations_are_read_by_the_same_key(self, write):
        of_one = '{"text": "x y", "label": "LATE", "_input_hash": 1, "answer": "accept"}\n' * 3
        assert read(write(of_one, "a.jsonl"), None)[1] == ("LATE",)
        assert read(write(of_one, "a.jsonl"), LearnedReading(("text",), ("answer",)))[1] == ("accept",)
        _, labels, said = read(write(of_one, "a.jsonl"), LearnedReading(("text",), ("mood",)))
        assert labels == ("LATE",)
        assert '"label" (as annotated; the model learned from "mood", which is not there)' in said


class TestRemembered:
    def test_names_that_all_inputs_share(self, write):
        one, other = write("text,label\nx,a\ny,b\n"), write("label,text\na,x\nb,y\n", "b.csv")
        third = write("message,label\nx,a\ny,b\n", "c.csv")
        learned = LearnedReading(("text",), ("label",))
        assert read_corpus([one]).learned == read_corpus([one, other]).learned == learned
        assert read_corpus([one, third]).learned is None
        assert read_corpus([third, one], reading=Reading(label_separator="")).learned == LearnedReading(
            label_separator=""
        )

    def test_no_names_no_memory(self, write):
        bare = Reading(header=False, text_column=2, label_column=1)
        assert read_corpus([write("a,x y\nb,y z\n")], reading=bare).learned is None
        assert read_corpus([write("__label__a x\n__label__b y\n", "a.txt")]).learned is None
        assert learned_reading([], Reading()) is None

    @pytest.mark.parametrize(
        "odd",
        [
            LearnedReading(("a", "a")),
            LearnedReading(("a",), ("a",)),
            LearnedReading(("",)),
            LearnedReading(("a" * 1001,)),
            LearnedReading(("\ud800",)),
            LearnedReading((), tuple(map(str, range(10_001)))),
            LearnedReading(label_prefix=""),
            LearnedReading(label_prefix="a b"),
            LearnedReading(label_separator="," * 1001),
        ],
        ids=["twice", "both", "empty", "long", "half a character", "many", "no prefix", "blank", "long separator"],
    )
    def test_what_no_columns_or_marks_are_is_not(self, odd):
        assert not is_sound(odd)
        assert is_sound(LEARNED)
