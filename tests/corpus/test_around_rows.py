"""What stands around the rows of a table, and what encloses their fields."""

import pytest
from reading import pairs, refused

from textcnn.corpus import Reading, open_corpus, read_corpus
from textcnn.errors import SettingsError


@pytest.mark.parametrize("head", ["sep=;", '"sep=;"', "SEP=;;", "\nsep=;"])
def test_a_first_line_can_name_the_delimiter(head, write):
    path = write("a.csv", f"{head}\ntext;label\nx, y;a\nz;b\n")
    with open_corpus(path) as reader:
        records = list(reader)
    assert [record.text for record in records] == ["x, y", "z"]
    assert records[0].line == 3 + head.count("\n")
    assert "names ';' as the delimiter" in reader.describe()


def test_a_first_line_counts_more_than_the_name_of_the_file(write):
    assert pairs(write("a.tsv", "sep=,\ntext,label\nx,a\n")) == [("a", "x")]
    assert pairs(write("b.csv", "sep=,\ntext;label\nx;a\n"), delimiter=";") == [("a", "x")]


def test_pipes_separate_columns(write):
    content = "id|complaint|product\n" + "".join(f"{at}|the parcel, number {at}|{'ab'[at % 2]}\n" for at in range(9))
    assert pairs(write("a.csv", content))[0] == ("a", "the parcel, number 0")
    assert pairs(write("b.csv", "text,label\nx,a|b\ny,b|a\n")) == [("a|b", "x"), ("b|a", "y")]


@pytest.mark.parametrize("title", ["Export of tickets, 3 May\n\n", "Export\n", "Export;;\n3 May\n", '"Ex\nport"\n'])
def test_lines_above_the_header_are_left_out(title, write):
    path = write("a.csv", f"{title}text,label\nx,a\ny,b\n")
    with open_corpus(path) as reader:
        records = list(reader)
    assert [record.text for record in records] == ["x", "y"]
    assert records[0].line == title.count("\n") + 2
    assert "above the header" in reader.describe()


def test_a_header_of_unknown_names_is_found_below_a_title(write):
    rows = "".join(f"{at},das ist Satz {at},{'ab'[at % 2]}\n" for at in range(9))
    assert len(pairs(write("a.csv", f"Ausgabe vom Mai\nnr,satz,art\n{rows}"))) == 9
    assert len(pairs(write("b.csv", f"Ausgabe vom Mai,,\nnr,satz,art\n{rows}"))) == 9


def test_a_short_row_amid_texts_is_no_header(write):
    path = write("a.csv", "1,where is it\n2,I am late\n3,mail\n4,thanks a lot\n")
    assert len(pairs(path, labelled=False)) == 4
    titled = write("b.csv", "Export\nid,text\n1,where is it\n")
    assert pairs(titled, labelled=False) == [("", "where is it")]


def test_lines_to_skip_can_be_told(write):
    path = write("a.csv", "a,b\nc,d\ntext,label\nx,a\n")
    assert pairs(path, skip_lines=2) == [("a", "x")]
    [record] = open_corpus(path, reading=Reading(skip_lines=2))
    assert record.line == 4
    [record] = open_corpus(write("a.jsonl", '#\n{"text": "x", "label": "a"}\n'), reading=Reading(skip_lines=1))
    assert record.line == 2
    refused(path, SettingsError, skip_lines=-1)


def test_a_header_that_comes_again_is_left_out(write):
    path = write("a.csv", "text,label\nx,a\nText,Label\ny,b\n")
    with open_corpus(path) as reader:
        assert [record.text for record in reader] == ["x", "y"]
    assert "the header comes again in line 3" in reader.describe()
    assert pairs(write("b.csv", "\ufefftext,label\nx,a\n\ufefftext,label\ny,b\n")) == [("a", "x"), ("b", "y")]


def test_rows_that_are_all_wider_than_the_header_lack_a_name_or_end_with_a_delimiter(write):
    rows = "".join(f"x{{}} {at},{'ab'[at % 2]}{{}}\n" for at in range(9))
    assert "ends with a delimiter and the header does not: sed '1s/$/,/'" in refused(
        write("a.csv", "text,label\n" + rows.replace("{}\n", ",\n").replace("{}", ""))
    )
    assert "one field more than the header: give the header a name" in refused(
        write("b.csv", "text,label\n" + rows.replace("{}\n", "\n").replace("{}", "y,"))
    )


def test_labels_may_stand_below_each_other_in_a_field(write):
    rows = "".join(f'text {at},"{labels}"\n' for at, labels in enumerate(["a\nb", "b\nc", "a\nc", "a\nb\nc", "b"] * 2))
    corpus = read_corpus([write("a.csv", "text,labels\n" + rows)])
    assert corpus.labels[:2] == [("a", "b"), ("b", "c")]
    assert "separated by line breaks" in corpus.notes[-1]


def test_a_backslash_can_escape_quotes(write):
    content = 'id,body,label\n1,"he said \\"late\\" again",a\n2,"plain",b\n3,"ends with \\\\",b\n4,"x \\", y",a\n'
    records = pairs(write("a.csv", content), text_column="body")
    assert records == [("a", 'he said "late" again'), ("b", "plain"), ("b", "ends with \\"), ("a", 'x ", y')]
    assert pairs(write("b.csv", 'label,text\na,"C:\\"\nb,"""x"\n')) == [("a", "C:\\"), ("b", '"x')]


def test_one_broken_row_does_not_prove_that_quotes_enclose(write):
    rows = "".join(f"{at}\t{quote}the parcel {at}\t{'ab'[at % 2]}\n" for at, quote in enumerate(["", '"', ""] * 9))
    path = write("a.tsv", f"nr\ttext\tlabel\n{rows}broken row\n")
    assert ":29: the row has 1 field instead of 3" in refused(path)
    assert ("b", '"the parcel 1') in pairs(path, skip_bad_rows=True)
    enclosed = "".join(f'"{at}"\t"the parcel {at}"\t"{"ab"[at % 2]}"\n' for at in range(9))
    assert "2 fields instead of 3" in refused(write("b.tsv", f'nr\ttext\tlabel\n{enclosed}"9"\t"x\t"a"\n'))


def test_fasttext_labels_stand_anywhere_with_other_prefixes_or_a_comma(write):
    expected = [("a", "Hello, x"), ("b", "y"), ("a+b", "z")]
    assert pairs(write("a.txt", "Hello, x __label__a\ny __label__b\nz __label__a __label__b\n")) == expected
    path = write("b.txt", "#a Hello, x\n#b y\n#a #b z\n")
    assert pairs(path, label_prefix="#") == expected
    commas = "__label__a,Hello, x\n__label__b,y\n__label__a,__label__b,z\n"
    assert pairs(write("c.txt", commas)) == expected
    assert pairs(write("d.txt", "__label__x,y one\n__label__x,y two\n")) == [("x,y", "one"), ("x,y", "two")]
    refused(path, SettingsError, label_prefix=" ")
    assert "name what marks the labels, --label-prefix" in refused(path, format="fasttext")
    ends = "Hello, x\t__label__a\ny\t__label__b\nz __label__a __label__b\n"
    assert pairs(write("e.csv", ends)) == pairs(write("e.txt", ends), labelled=False, format="fasttext") == expected
