"""The story of a column: how it is chosen to be the text or the label, and what a label then says."""

import io

import pytest

from textcnn.corpus import Columns, Reading, find_separator, open_corpus, read_corpus, split_labels
from textcnn.errors import ColumnError, ReadError

NO_HEADER = (
    "ham,see you at five then\nspam,win a prize right now\nham,are you coming home\nspam,cash is waiting for you\n"
)


def read(content: str, *, labelled: bool = True, **choices) -> tuple[list[tuple[str, str]], Columns | None]:
    """(labels joined by +, text) of every record, and the columns."""
    stream = io.BytesIO(content.encode())
    reader = open_corpus("-", stream=stream, reading=Reading(**choices), labelled=labelled)
    return [("+".join(record.labels), record.text) for record in reader], reader.columns


def pairs(content: str, **choices) -> list[tuple[str, str]]:
    return read(content, **choices)[0]


def refused(content: str, **choices) -> str:
    with pytest.raises(ColumnError) as caught:
        read(content, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Which column is which.


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("text,label\nx,a\n", ("text", "label", True, "by name", "by name")),
        ("Id,Sentiment,Review\n1,pos,good\n", ("Review", "Sentiment", True, "by name", "by name")),
        ("title,body,category\nt,b,c\n", ("body", "category", True, "by name", "by name")),
        (NO_HEADER, ("column 2", "column 1", False, "by content", "by content")),
        (NO_HEADER.replace(",", ";"), ("column 2", "column 1", False, "by content", "by content")),
        ("satz,art\n" + "".join(f"das ist Satz {at},{at % 2}\n" for at in range(9)),
         ("satz", "art", True, "by content", "by content")),
        ("nr,satz,art\n" + "".join(f"{at},das ist Satz {at},{'ab'[at % 2]}\n" for at in range(9)),
         ("satz", "art", True, "by content", "by content")),
        ("text,art\n" + "".join(f"das ist Satz {at},{'ab'[at % 2]}\n" for at in range(9)),
         ("text", "art", True, "by name", "by content")),
        ("satz,label\n" + "".join(f"das ist Satz {at},{'ab'[at % 2]}\n" for at in range(9)),
         ("satz", "label", True, "by content", "by name")),
        ("question,where is it\nanswer,over there\nquestion,who is it\nanswer,that is me\n",
         ("column 2", "column 1", False, "by content", "by content")),
        ("rare,what a day this was\n" + NO_HEADER, ("column 2", "column 1", False, "by content", "by content")),
        ("label,text\nlabel,texts\n", ("text", "label", True, "by name", "by name")),
        ("文本,类别\n这家酒店很好,好\n服务态度很差啊,差\n房间干净整洁,好\n再也不会来了,差\n",
         ("文本", "类别", True, "by content", "by content")),
    ],
)  # fmt: skip
def test_columns_are_found_by_name_then_by_content(content, columns):
    records, found = read(content)
    assert found is not None
    assert len(records) == len(content.splitlines()) - found.header
    assert (found.text, found.label, found.header, found.text_by, found.label_by) == columns


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\nc,d\n", "header"),
        ("maybe,come home\n" + NO_HEADER, "header"),
        ("0,1\n" + NO_HEADER, "header"),
        ("only\nhello there\n", "there is only one column, \"column 1\" (such as 'only'), but"),
        ("#a big cat\n#b dog\n#a cat\n#b big dog\n", "name what marks them: --label-prefix '#'"),
        ("__class__a cat\n__class__b dog\n" * 2, "name what marks them: --label-prefix __class__"),
        ("text\nhello there\n", "there is only one column, \"text\" (such as 'hello there'), but"),
        ("text,text,label,message\n1,2,3,4\n", '2 columns are called "text"'),
        ("text,stars,votes\n" + "".join(f"some text {at},{at % 2},{at % 3}\n" for at in range(9)), "is the label"),
        ("label,one,two\n" + "".join(f"{at % 2},one text {at},two text {at}\n" for at in range(9)), "is the text"),
    ],
)
def test_in_doubt_an_error_lists_the_columns(content, says):
    message = refused(content)
    assert says in message
    options = {
        "header": "--header",
        "is the label": "--label-column",
        "marks": "--label-prefix",
        "only one": "--delimiter",
    }
    assert next((option for words, option in options.items() if words in says), "--text-column") in message


@pytest.mark.parametrize(("below", "chosen"), [("this is message {}", "message"), ("{}", "text")])
def test_identifiers_below_a_name_of_texts_give_way_to_texts(tmp_path, below, chosen):
    path = tmp_path / "a.csv"
    path.write_text(
        "text,message,label\n" + "".join(f"t{at:04},{below.format(at)},{'ab'[at % 2]}\n" for at in range(9))
    )
    with open_corpus(path) as reader:
        next(reader)
        assert reader.columns.text == chosen


def test_the_list_of_columns_has_examples():
    rows = "".join(f"{at},text {at},{at % 2},{at % 3}\n" for at in range(9))
    message = refused("nr,text,stars,votes\n" + rows)
    assert """1 "nr" (such as '0'), 2 "text" (such as 'text 0'), 3 "stars\"""" in message
    message = refused('{"text": "a", "b": {}, "c": ""}')
    assert """cannot tell which key is the label; the keys are 1 "text" (such as 'a'), 2 "b", 3 "c";""" in message


def test_columns_that_were_asked_for_are_taken():
    content = "text,text,label,2\na,b,c,d\n"
    assert pairs(content, text_column=2) == [("c", "b")]
    assert pairs(content, text_column="2", label_column="LABEL") == [("c", "d")], "a name goes before a number"
    assert pairs(content, text_column="1", label_column=4) == [("d", "a")]
    assert '2 columns are called "text"' in refused(content, text_column="Text")
    assert 'no column "msg"' in refused(content, text_column="msg")
    assert 'no column "5"' in refused(content, text_column=5)
    assert 'no column "0"' in refused(content, text_column=0)
    assert "no column" in refused(content, text_column="9" * 5000)
    assert "both text and label" in refused(content, text_column=1, label_column=1)
    assert pairs("x,y\nz,w\n", header=False, text_column=1, label_column=2) == [("y", "x"), ("w", "z")]
    assert pairs("x,y\nz,w\n", header=True, text_column=1, label_column=2) == [("w", "z")]
    assert pairs("x,y\nz,w\n", text_column="Y", label_column="x") == [("z", "w")]
    objects = '{"Content": "a", "Kind": "b", "2": "c"}\n'
    assert pairs(objects, label_column="kind") == [("b", "a")]
    assert pairs(objects, label_column="2", text_column="Kind") == [("c", "b")]
    assert "no key" in refused(objects, label_column="text")


def test_for_prediction_no_label_is_needed():
    assert pairs("id,text\n1,x\n", labelled=False) == [("", "x")]
    assert pairs("Hello world\nwell\n", labelled=False) == [("", "Hello world"), ("", "well")]
    assert pairs(NO_HEADER, labelled=False)[0] == ("", "see you at five then")
    assert pairs("label,text\na,x\n", labelled=False, label_column="label") == [("a", "x")]
    assert pairs("__label__a x\ny\n", labelled=False) == [("a", "x"), ("", "y")]
    assert pairs("", labelled=False, format="lines") == [], "from standard input nothing makes nothing"
    assert "plain lines have no labels" in refused("x\n", format="lines")


# Labels.


@pytest.mark.parametrize(
    ("field", "separator", "labels"),
    [
        (" very good ", None, ("very good",)),
        ("", None, ()),
        ("  ", "|", ()),
        ("a|b", None, ("a|b",)),
        (" a | b ||a", "|", ("a", "b")),
        ('["a", " b ", "a", ""]', None, ("a", "b")),
        ("[]", None, ()),
        ("[1]", None, ("1",)),
        ("['a', 'b, c']", None, ("a", "b, c")),
        ('["it\'s"]', None, ("it's",)),
        ("('a',)", None, ("a",)),
        ("{'b', 'a'}", None, ("a", "b")),
        ("set()", None, ()),
        ("frozenset({2})", None, ("2",)),
        ("[0, 2]", None, ("0", "2")),
        ("[0 2]", None, ("0", "2")),
        ("[0. 2.]", None, ("0", "2")),
        ("['a' 'b c']", None, ("a", "b c")),
        ('{"a": 1, "b": 0, "c": true}', None, ("a", "c")),
        ("{'a': 1.0, 'b': False}", None, ("a",)),
        ('{"a": 1, "b": null}', None, ("a",)),
        ("array(['a', 'b'], dtype=object)", None, ("a", "b")),
        ("array([0, 2])", None, ("0", "2")),
        ("array([], dtype='<U4')", None, ()),
        ('c("a", "b, c")', None, ("a", "b, c")),
        ("c(0, 2)", None, ("0", "2")),
        ("c(1)", None, ("c(1)",)),
        ("character(0)", None, ()),
        ("{'a': 0.5}", None, ("{'a': 0.5}",)),
        ("[late, angry]", None, ("[late, angry]",)),
        ("['a', nan]", None, ("['a', nan]",)),
        ("(so what)", None, ("(so what)",)),
        ("[__import__('os')]", None, ("[__import__('os')]",)),
        ("[" + "-" * 50_000 + "1]", None, ("[" + "-" * 50_000 + "1]",)),
        ("[" * 100_000 + "]", None, ("[" * 100_000 + "]",)),
        ('["a", "b"]', "", ('["a", "b"]',)),
        ("😀 x", None, ("😀 x",)),
    ],
)
def test_a_label_field_says_one_label_several_or_none(field, separator, labels):
    assert split_labels(field, separator=separator) == labels


@pytest.mark.parametrize(
    ("labels", "separator"),
    [
        (["a", "b", "c", "a|b", "b|c"], "|"),
        (["a", "b", "c", "a; b", "b;c", "x"], ";"),
        (["a,b", "b,c", "c,a", "a,b,c", "a"], ","),
        (["Food, drink", "Home, garden", "Cars"], None),
        (["Food, drink", "Food, wine", "Food"], None),
        (["a|b", "a", "b"], None),
        (["a|", "a|b", "a", "b", "a|b|c", "c"], None),
        (["ham", "spam"], None),
        ([], None),
    ],
)
def test_labels_are_separated_only_if_their_parts_come_again(labels, separator):
    assert find_separator(labels * 3) == separator


@pytest.mark.parametrize(
    ("labels", "separator"),
    [
        (["joy|love"], "|"),
        (["joy; love", "joy"], ";"),
        (["joy|hate"], None),
        (["joy,fear"], None),
        (["joy"], None),
        (["joy|", "|"], None),
    ],
)
def test_where_labels_are_known_one_field_says_what_separates_them(labels, separator):
    """One of the known labels has a comma in it."""
    assert find_separator(labels, known=["joy", "love", "fear", "joy,fear"]) == separator


def test_json_labels_are_strings_numbers_booleans_and_lists():
    labels = ['["a", "b"]', "1", "1.5", "true", '"x y"', '["c", 2]']
    content = "".join(f'{{"text": 1, "text": "t", "labels": {label}}}\n' for label in labels)
    assert [label for label, _ in pairs(content)] == ["a+b", "1", "1.5", "true", "x y", "c+2"]


# Lists of labels, and no label at all.

ZEROS_AND_ONES = 'text,labels\nlate,"[1, 0, 0]"\nwrong,"[0, 1, 0]"\nall,"[1, 1, 1]"\n'


def test_lists_of_zeros_and_ones_name_labels_by_position():
    assert [label for label, _ in pairs(ZEROS_AND_ONES)] == ["0", "1", "0+1+2"]
    assert [label for label, _ in pairs(ZEROS_AND_ONES.replace(", ", " "))] == ["0", "1", "0+1+2"]
    assert [label for label, _ in pairs('{"text": "x", "labels": [0, 1]}\n{"text": "y", "labels": [1, 1]}\n')] == [
        "1",
        "0+1",
    ]


def test_a_list_of_another_length_amid_zeros_and_ones_is_a_bad_row():
    content = "text,labels\n" + 'late,"[1, 0, 0]"\n' * 1500 + 'wrong,"[0, 1]"\n'
    with pytest.raises(ReadError) as caught:
        read(content)
    assert ":1502: " in str(caught.value)
    assert "not a list of 3 zeros and ones" in str(caught.value)


def test_an_object_of_zeros_and_ones_is_labels():
    content = '{"text": "x", "cats": {"a": 1.0, "b": 0.0}}\n{"text": "y", "cats": {"a": true, "b": true}}\n'
    assert [label for label, _ in pairs(content)] == ["a", "a+b"]
    with pytest.raises(ReadError, match='the key "cats" holds an object'):
        read(content + '{"text": "z", "cats": {"a": 0.7, "b": 0.3}}\n')


def corpus(content: str, **choices):
    return read_corpus(["-"], stream=io.BytesIO(content.encode()), **choices)


def test_commas_within_brackets_separate_nothing():
    rows = "".join(f'text {at},"[{a}, {b}]"\n' for at, (a, b) in enumerate(["ab", "bc", "ca"] * 4))
    assert corpus("text,label\n" + rows).separator is None


@pytest.mark.parametrize(
    "content",
    [
        "text,labels\nx,a|b\ny,b\nz,a\nw,\nv,b|a\nu,c|a\nt,c\ns,b|c\n",
        "text,labels\nx,a|b\ny,b\nz,a\nw,\n",
        "text,labels\nx,\"['a', 'b']\"\ny,[]\nz,['a']\n",
        "__label__a __label__b x\ny\n__label__b z\n",
        '{"text": "x", "label": ["a", "b"]}\n{"text": "y", "label": null}\n{"text": "z", "label": []}\n',
        'text,labels\nx,"[1, 1]"\ny,"[0, 0]"\n',
    ],
)
def test_where_texts_have_several_labels_one_may_have_none(content):
    assert () in corpus(content).labels


def test_where_each_text_has_one_label_none_is_missing():
    content = "text,label\nx,a\ny,\nz,b\n"
    with pytest.raises(ReadError) as caught:
        corpus(content)
    assert "standard input:3: there is no label" in str(caught.value)
    assert "--labels-per-text several" in str(caught.value)
    assert corpus(content, multi_label=True).labels == [("a",), (), ("b",)]
    assert corpus(content, known=("a", "b")).labels == [("a",), (), ("b",)]
    skipped = corpus(content, reading=Reading(skip_bad_rows=True))
    assert skipped.texts == ["x", "z"]
    assert skipped.skipped == 1


def test_labels_that_were_rejected_in_prodigy_are_not_learned_from():
    rows = [
        f'{{"text": "x", "label": "{label}", "_input_hash": 1, "answer": "{answer}"}}\n'
        for label, answer in (("a", "accept"), ("a", "reject"), ("b", "accept"))
    ]
    assert pairs(rows[0]) == [("a", "x")]
    with pytest.raises(ReadError, match=r':2: .*"answer" is "reject"; keep the accepted ones'):
        read("".join(rows))
    assert len(read("".join(rows), labelled=False)[0]) == 3
    assert len(pairs(rows[1].replace("_input_hash", "id"))) == 1
