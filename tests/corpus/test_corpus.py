"""The story of a file that becomes records: well, badly, slowly, and not at all."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zlib
from pathlib import Path

import pytest
from reading import as_csv, pairs, refused

from textcnn.corpus import Reading, Record, open_corpus, read_corpus
from textcnn.errors import SettingsError

MAIL = [
    ("ham", "see you, at five"),
    ("spam", 'win a "free" prize'),
    ("ham", "first line\nsecond line"),
    ("spam", "wîn 🎉"),
]
NO_HEADER = (
    "ham,see you at five then\nspam,win a prize right now\nham,are you coming home\nspam,cash is waiting for you\n"
)


# Every format tells the same.

FORMATS = {
    "mail.csv": as_csv([("label", "text"), *MAIL]),
    "semicolons.csv": as_csv([("label", "text"), *MAIL], delimiter=";"),
    "tabs.csv": as_csv([("label", "text"), *MAIL], delimiter="\t"),
    "mail.tsv": as_csv([("label", "text"), *MAIL], delimiter="\t"),
    "mail.tab": as_csv([("label", "text"), *MAIL], delimiter="\t", quoting=csv.QUOTE_ALL),
    "mail.txt": as_csv([("label", "text"), *MAIL]),
    "mail": as_csv([("label", "text"), *MAIL]),
    "mail.data": as_csv([(text, label) for label, text in [("Label", " TEXT "), *MAIL]]),
    "bom.csv": "\ufeff" + as_csv([("label", "text"), *MAIL]),
    "unix.csv": as_csv([("label", "text"), *MAIL], lineterminator="\n"),
    "mail.jsonl": "".join(json.dumps({"text": text, "label": label}) + "\n" for label, text in MAIL),
    "mail.ndjson": "\n\n".join(json.dumps({"label": label, "text": text}, ensure_ascii=False) for label, text in MAIL),
    "objects": "".join(json.dumps({"text": text, "label": label}) + "\r\n" for label, text in MAIL),
    "lines.json": "".join(json.dumps({"text": text, "label": label}) + "\n" for label, text in MAIL),
    "array.json": json.dumps([{"text": text, "label": label} for label, text in MAIL], indent=2),
}


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_the_same(name, packed, write):
    assert pairs(write(name + packed, FORMATS[name])) == MAIL


@pytest.mark.parametrize("name", FORMATS)
def test_standard_input_tells_the_same(name):
    stream = io.BytesIO(FORMATS[name].encode())
    form = "json" if name == "array.json" else "auto"
    assert pairs("-", stream=stream, format=form) == MAIL
    assert not stream.closed, "a stream that was given is not ours to close"


@pytest.mark.parametrize("packed", [lzma, bz2])
def test_xz_and_bzip2_are_unpacked(packed, write):
    suffix = {lzma: "xz", bz2: "bz2"}[packed]
    path = write(f"a.jsonl.{suffix}", packed.compress(b'{"text": "x", "label": "a"}\n'))
    assert pairs(path) == [("a", "x")]
    whole = packed.compress(FORMATS["mail.csv"].encode())
    assert "cut off" in refused(write(f"b.csv.{suffix}", whole[:-12]))
    assert "cannot be read as" in refused(write(f"c.csv.{suffix}", b"label,text\n"))


@pytest.mark.parametrize("name", ["fast.txt", "fast.txt.gz", "fast", "fast.ft"])
def test_fasttext_lines_begin_with_their_labels(name, write):
    path = write(name, "__label__a  hello there\n\n__label__b\t__label__c,d, x  y \nbye __label__a now\r\n")
    assert pairs(path) == [("a", "hello there"), ("b+c,d,", "x  y"), ("a", "bye  now")]


def test_a_folder_has_a_subfolder_for_each_label(write, tmp_path):
    for name in (
        "ham/2.txt",
        "ham/1.txt",
        "ham/old/3.txt",
        "spam/4.txt",
        "spam/.hidden",
        ".git/x",
        "README",
        "spam/5.gz",
    ):
        write(f"mail/{name}", f"text\r\nof {name}")
    (tmp_path / "mail" / "empty").mkdir()
    reader = open_corpus(tmp_path / "mail")
    records = list(reader)
    names = ["ham/1.txt", "ham/2.txt", "ham/old/3.txt", "spam/4.txt", "spam/5.gz"]
    assert [(r.labels, r.fields) for r in records] == [((name.split("/")[0],), (("file", name),)) for name in names]
    assert records[4].text == "text\r\nof spam/5.gz"
    assert records[0].line == 1
    assert records[0].source.endswith("ham/1.txt")
    assert reader.describe().endswith(
        "mail: a folder with a folder for each label, whose files are the texts; "
        "left out, for they lie beside the folders: 1"
    )
    assert len(pairs(tmp_path / "mail", labelled=False)) == 6, "README as well, where no label is needed"


def test_parts_of_a_corpus_are_no_labels(write, tmp_path):
    for name in ("train/pos/1", "train/neg/2", "train/urls", "test/pos/3", "test/neg/4"):
        write(f"films/{name}", "text")
    message = refused(tmp_path / "films")
    assert "test and train hold folders of the same names (neg, pos)" in message
    assert message.endswith(f"name one of them: {tmp_path / 'films' / 'test'}")
    assert sorted(pairs(tmp_path / "films" / "train")) == [("neg", "text"), ("pos", "text")]
    write("kinds/train/old/1", "text")
    write("kinds/bus/old/2", "text")
    assert pairs(tmp_path / "kinds") == [("bus", "text"), ("train", "text")]


def test_plain_lines_are_one_in_one_out(write):
    content = "one\r\n\r\n  two\x0b\x0c\x1c\x85\u2028still\n\nlast"
    expected = ["one", "", "  two\x0b\x0c\x1c\x85\u2028still", "", "last"]
    assert [text for _, text in pairs(write("a.txt", content), labelled=False)] == expected
    assert [
        text for _, text in pairs("-", stream=io.BytesIO(content.encode()), labelled=False, format="lines")
    ] == expected
    records = list(open_corpus(write("b.txt", "a\rb\rc"), labelled=False))
    assert [(r.text, r.line) for r in records] == [("a", 1), ("b", 2), ("c", 3)]


def test_a_record_knows_where_it_stood_and_what_stood_beside_it(write):
    path = write("a.csv", 'id,text,,label,id\n1,"x\r\ny",?,a,z\n\n2,w,,b,\n')
    reader = open_corpus(path)
    assert list(reader) == [
        Record("x\r\ny", ("a",), 2, str(path), (("id", "1"), ("column 3", "?"), ("id", "z"))),
        Record("w", ("b",), 5, str(path), (("id", "2"), ("column 3", ""), ("id", ""))),
    ]
    assert reader.describe() == (
        f'{path}: CSV, comma-separated, with a header; text from "text" (by name), labels from "label" (by name)'
    )
    [record] = open_corpus(write("a.jsonl", '{"n": 1, "text": "t", "label": "x", "more": [null]}'), labelled=False)
    assert record.labels == ()
    assert record.fields == (("n", 1), ("label", "x"), ("more", [None]))


# Encodings and newlines.


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig", "utf-32", "gb18030"])
def test_other_encodings_by_name(encoding, write):
    path = write("a.csv", "label,text\nä,caf\xe9\n".encode(encoding))
    assert pairs(path, encoding=encoding) == [("ä", "café")]


def test_kaggles_spam_file_is_read_by_its_column_names(write):
    path = write("spam.csv", 'v1,v2,,,\nham,"Go, now",,,\nspam,£100 for you,,,\n'.encode("latin-1"))
    message = refused(path)
    assert message.startswith(f"{path}:3: byte 0xa3 at column 6 is not utf-8")
    assert "--encoding latin-1" in message
    assert pairs(path, encoding="latin-1") == [("ham", "Go, now"), ("spam", "£100 for you")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "newline"])
def test_any_newline_with_or_without_one_at_the_end(newline, end, write):
    content = newline.join(["label,text", "a,x", 'b,"y', 'z"', "", "c,w"]) + (newline if end else "")
    assert pairs(write("a.csv", content)) == [("a", "x"), ("b", f"y{newline}z"), ("c", "w")]


def test_a_field_may_have_millions_of_characters(write):
    text = "long, " * 500_000
    assert pairs(write("a.csv", f'label,text\na,"{text}"\n')) == [("a", text)]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("u.csv", "label,text\na,b\n".encode("utf-16"), "--encoding utf-16"),
        ("u.csv", b"\xfe\xff" + "label,text\na,b\n".encode("utf-16-be"), "--encoding utf-16"),
        ("u.csv", "label,text\na,b\n".encode("utf-16-le"), "--encoding utf-16-le"),
        ("u.csv", "label,text\na,b\n".encode("utf-16-be"), "--encoding utf-16-be"),
        ("xz.csv", lzma.compress(b"label,text\na,b\n"), "packed by xz"),
        ("bz2.csv", bz2.compress(b"label,text\na,b\n"), "packed by bzip2"),
        ("table.csv", b"PAR1\x15\x04", "a Parquet file"),
        ("old.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "(.xls)"),
        ("pointer.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ("page.csv", b"\n<!DOCTYPE html>\n<html>\n", "an HTML page"),
        ("curly.csv", b"label,text\na,caf\xe9\nb,it\x92s\n", "--encoding cp1252"),
        ("chinese.csv", "label,text\na,文本类别这家酒店很好\n".encode("gb18030"), "gb18030"),
        ("mixed.csv", ("label,text\n" + "a,ééééééé\n" * 9).encode() + b"b,\xe9\n", "most of the file is utf-8"),
        ("nul.csv", b"label,text\na,b\nc,d\0e\n", ":3: byte 0x00 at column 4 is NUL, which text does not hold: leave "),
        ("zip.csv", b"PK\x03\x04\x14\0\0\0", "save it as CSV"),
        ("gz.csv", gzip.compress(b"label,text\na,b\n", mtime=0), "gzipped"),
        ("empty.csv", b"", "is empty"),
        ("bom.csv", b"\xef\xbb\xbf", "is empty"),
        ("blank.csv", b"\n  \n\n", "no text"),
        ("head.csv", b"label,text\n", "not a single row"),
        ("empty.jsonl", b"", "is empty"),
        ("empty.txt", b"", "is empty"),
        ("empty.json", b"[ ]", "no text"),
        ("quote.csv", b'label,text\na,"x\ny"\nb,"w\nv\nu', ":4: the quote that opens here is never closed"),
        ("quote.csv", b'label,text\na,b\nb,"w\nv\nu', ":3: the quote that opens here is never closed"),
        ("quote.csv", b'label,text\na,"two\nlines"\nb,"w\na,"x"\n', ":4: a quote that opens here ends amid line 5"),
        ("quote.csv", b'label,"text\na,b\n', ":1: the quote that opens here is never closed"),
        ("few.csv", b"label,text\na,b\nc\n", ":3: the row has 1 field instead of 2"),
        ("many.csv", b"label,text\na,b\nc,d,e\n", ":3: the row has 3 fields instead of 2"),
        ("none.csv", b"label,text\na,b\n  ,d\n", ':3: there is no label in "label"'),
        ("none.txt", b"__label__a b\nc d\n", ":2: there is no __label__"),
        ("bad.jsonl", b'{"text": "a", "label": "b"}\n{"text": \n', ":2: this is not JSON"),
        ("bad.jsonl", b'{"text": "a", "label": "b"}\n["text"]\n', ":2: this is JSON, but not an object"),
        ("bad.jsonl", b'{"text": "a", "label": "b"} {"text": "c", "label": "d"}\n', ":1: there is something after"),
        ("bad.jsonl", b'{"text": "a", "label": "b"}\n{"text": ' + b"[" * 100_000, ":2: this JSON is nested too deeply"),
        ("bad.jsonl", b'{"text": "a", "label": "b"}\n{"text": ' + b"1" * 100_000 + b"}", ":2: this JSON holds a numb"),
        ("null.jsonl", b'{"text": "a", "label": "b"}\n{"text": null, "label": 1}\n', ':2: the key "text" is null'),
        ("miss.jsonl", b'{"text": "a", "label": "b"}\n{"label": 1}\n', ':2: the key "text" is missing'),
        ("nest.jsonl", b'{"text": "a", "label": "b"}\n{"text": [0], "label": 1}\n', ':2: the key "text" holds a list'),
        ("miss.jsonl", b'{"text": "a", "label": "b"}\n{"text": "x"}\n', ':2: the key "label" is missing'),
        ("miss.jsonl", b'{"text": "a", "label": "b"}\n{"text": "x", "label": []}\n', "holds an empty list"),
        ("a.json", b'{"data": [\n1]}', ":1: this is not JSON"),
        ("a.json", b'[{"text": "a", "label": "b"},\n{"text": "x"]', ":2: this is not JSON"),
        ("a.json", b'[{"text": "a", "label": "b"}\n', "no , where one is needed"),
        ("a.json", b'[{"text": "a", "label": "b"}] x\n', "something after the end"),
        ("a.json", b'[\n\n["a"]]', ":3: this is JSON, but not an object"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where_and_what_to_do(name, data, says, write):
    path = write(name, data)
    message = refused(path)
    assert message.startswith(str(path))
    assert says in message


def test_files_that_are_not_there_or_not_files_are_errors(write, tmp_path):
    assert "no such file" in refused(tmp_path / "none.csv")
    assert "no such file" in refused(tmp_path / "none.csv.gz")
    (tmp_path / "folder").mkdir()
    write("folder/file.txt", "x")
    assert "name the file that is meant" in refused(tmp_path / "folder")
    assert "a folder, not a file" in refused(tmp_path / "folder", format="csv")
    assert "no such folder" in refused(write("a.csv", "x"), format="folder")
    assert "cannot be read" in refused("")
    refused("nul\0.csv")
    (tmp_path / "bare").mkdir()
    assert "the folder is empty" in refused(tmp_path / "bare", labelled=False)


def test_a_file_without_permission_is_an_error(write, monkeypatch):
    path = write("a.csv", "label,text\na,b\n")

    def refuse(*_) -> None:  # chmod would not do: root may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "no permission" in refused(path)


def test_gzipped_files_that_are_not_or_not_whole_are_errors(write):
    whole = gzip.compress(FORMATS["mail.csv"].encode())
    path = write("x", b"")
    for data, says in ((b"label,text\na,b\n", "gzip"), (whole[:-12], "cut off"), (whole[:5], "cut off")):
        path = path.with_name("a.csv.gz")
        path.write_bytes(data)
        assert says in refused(path)
    path.write_bytes(whole[:20] + b"\xff\xff\xff" + whole[23:])
    refused(path)


def test_a_bad_file_in_a_folder_is_a_bad_row(write, tmp_path):
    write("mail/a/1", "fine")
    write("mail/b/2", b"caf\xe9")
    message = refused(tmp_path / "mail")
    assert "2:1: byte 0xe9 at column 4" in message
    assert "--skip-bad-rows" in message
    assert pairs(tmp_path / "mail", skip_bad_rows=True) == [("a", "fine")]


# Bad rows are left out if one asks for that, and counted.


def test_bad_rows_can_be_skipped_and_are_counted(write):
    path = write("a.csv", 'label,text\na,b\nc\n\nd,e,f\n,g\nh,"i\nj,k\nl,"m"\nn,o\n')
    reader = open_corpus(path, reading=Reading(skip_bad_rows=True))
    assert [(r.labels[0], r.text, r.line) for r in reader] == [
        ("a", "b", 2),
        ("j", "k", 8),
        ("l", "m", 9),
        ("n", "o", 10),
    ]
    assert reader.skipped == 4
    assert reader.first_skipped_line == 3
    assert reader.describe_skipped() == (
        f"{path}: 4 bad rows skipped; the first: {path}:3: the row has 1 field instead of 2"
    )
    path = write(
        "a.jsonl", '{"text": "a", "label": "b"}\n{"text"\n3\n{"text": "c", "label": null}\n{"text": 4, "label": 5}'
    )
    reader = open_corpus(path, reading=Reading(skip_bad_rows=True))
    assert [(r.labels[0], r.text) for r in reader] == [("b", "a"), ("5", "4")]
    assert reader.skipped == 3


def test_more_bad_rows_than_a_tenth_are_not_skipped(write):
    rows = "".join(f"{'ab'[at % 2]},Dear team, parcel {at} is late\n" for at in range(18)) + "a,short\nb,plain\n"
    path = write("a.csv", "label,text\n" + rows)
    message = refused(path, skip_bad_rows=True)
    assert "18 of 20 rows cannot be read" in message
    assert "texts seem to hold commas" in message
    assert r"sed 's/,/\t/'" in message
    alone = refused(path)
    assert ":2: the row has 3 fields instead of 2" in alone
    assert "--skip-bad-rows" not in alone
    assert "many rows" in alone
    lists = write("lists.csv", "text,label\n" + "x,['a', 'b']\n" * 9)
    assert "a list of labels must be quoted" in refused(lists)
    narrow = write("b.csv", "label,text\n" + "a,fine\n" * 9 + "short\n" * 9)
    assert "--delimiter" in refused(narrow, skip_bad_rows=True)
    lines = write("a.jsonl", '{"text": "a", "label": "b"}\n' + "{\n" * 9)
    assert "9 of 10 rows" in refused(lines, skip_bad_rows=True)


def test_bad_rows_that_are_exceptions_are_skipped_in_long_files(write):
    path = write("a.csv", "label,text\n" + "bad\n" * 99 + "a,fine\n" * 901)
    assert len(pairs(path, skip_bad_rows=True)) == 901
    assert "too many" in refused(write("b.csv", "label,text\n" + "bad\n" * 200 + "a,x\n" * 1000), skip_bad_rows=True)


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(write):
    path = write("a.csv", 'label,text\na,"two\nlines"\nb,"open\nc,d\ne,f')
    assert pairs(path, skip_bad_rows=True) == [("a", "two\nlines"), ("c", "d"), ("e", "f")]


def test_a_file_of_bad_rows_only_is_an_error_even_if_they_are_skipped(write):
    message = refused(write("a.csv", "label,text\nx\ny\n"), skip_bad_rows=True)
    assert "all 2 rows are bad" in message
    assert ":2:" in message


def test_something_after_a_closing_quote_is_read_as_the_csv_module_reads_it(write):
    path = write("a.csv", 'label,text\na,"Great" movie\nb,"x\ny"\nc,"two\nlines","z"w\n')
    assert "3 fields instead of 2" in refused(path)
    assert pairs(path, skip_bad_rows=True) == [("a", "Great movie"), ("b", "x\ny")]


def test_quotes_between_tabs_are_characters_like_others(write):
    content = (
        'ham\tyou said "hello" to me\nspam\t"win now, they said\nham\t"Great" is what I say\nspam\tcall now to win\n'
    )
    expected = [tuple(line.split("\t")) for line in content.splitlines()]
    assert pairs(write("SMSSpamCollection", content)) == expected
    assert pairs(write("a.tsv", content)) == expected
    assert pairs(write("a.csv", content.replace("\t", ",", 1)), quotes=False, delimiter="tab", header=False,
                 text_column=2, label_column=1, skip_bad_rows=True) == expected[1:]  # fmt: skip


def test_one_column_may_hold_commas_without_quotes(write):
    path = write("a.csv", "text\nHello, world\nwell\n")
    assert pairs(path, labelled=False) == [("", "Hello, world"), ("", "well")]


# What is told.


@pytest.mark.parametrize(
    "choices",
    [{"format": "xml"}, {"encoding": "hex"}, {"encoding": "none"}, {"encoding": "undefined"}, {"encoding": "a\0b"},
     {"delimiter": ""}, {"delimiter": '"'}, {"delimiter": "ab"}, {"delimiter": " "}, {"delimiter": "\n"}],
)  # fmt: skip
def test_formats_encodings_and_delimiters_that_do_not_exist_are_refused(choices, write):
    refused(write("a.csv", "label,text\na,b\n"), SettingsError, **choices)


def test_a_delimiter_that_is_named_is_used(write):
    assert pairs(write("a.csv", "label|text\na|b, c\n"), delimiter="|") == [("a", "b, c")]
    assert pairs(write("a.csv", "label;text\na;b, c\n"), delimiter="semicolon") == [("a", "b, c")]


def test_half_a_surrogate_pair_becomes_the_replacement_character(write):
    path = write("a.jsonl", '{"text": "\\ud83d \\ud83d\\ude00 \\ud83d", "label": "\\udc00", "\\udc00": ["\\ud800"]}\n')
    [record] = open_corpus(path)
    assert record[:2] == ("\ufffd 😀 \ufffd", ("\ufffd",))
    assert record.fields == (("\ufffd", ["\ufffd"]),)


# A whole corpus.


def test_a_corpus_of_several_inputs_keeps_their_order_and_places(write, tmp_path):
    first = write("a.csv", "label,text\na|b,x\na,y\nbad\n")
    second = write("b.jsonl", '{"text": "z", "label": "b|c"}\n{"text": "w", "label": "c"}\n{"text": "v", "label": "b"}')
    corpus = read_corpus([first, second], reading=Reading(skip_bad_rows=True))
    assert corpus.texts == ["x", "y", "z", "w", "v"]
    assert corpus.labels == [("a", "b"), ("a",), ("b", "c"), ("c",), ("b",)]
    assert corpus.lines == [2, 3, 1, 2, 3]
    assert corpus.sources == [str(first)] * 2 + [str(second)] * 3
    assert corpus.separator == "|"
    assert corpus.skipped == 1
    assert [note.split(":")[0] for note in corpus.notes[:2]] == [str(first), str(second)]
    assert [loss.split(":")[:2] for loss in corpus.losses] == [[str(first), " 1 bad row skipped; the first"]]
    assert 'separated by "|"' in corpus.notes[-1]
    whole = read_corpus([first, second], reading=Reading(skip_bad_rows=True, label_separator=""))
    assert whole.labels[0] == ("a|b",)


def test_a_label_of_nothing_but_a_separator_takes_no_label_from_another_text(write):
    path = write("a.csv", 'label,text\n",",x\n,no label\nham,y\nspam,z\n')
    corpus = read_corpus([path], reading=Reading(skip_bad_rows=True))
    assert corpus.texts == ["x", "y", "z"]
    assert corpus.labels == [(",",), ("ham",), ("spam",)]


# Standard input and long input.


def test_damage_after_a_line_of_another_encoding_is_not_what_is_said(tmp_path):
    packer = zlib.compressobj(wbits=31)  # gzip
    data = packer.compress(b"label,text\nham,caf\xe9\n" + b"spam,free prize\n" * 3000) + packer.flush(zlib.Z_FULL_FLUSH)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(data + b"\xff" * 50)  # no block of zlib begins so
    assert "a.csv.gz:2: byte 0xe9 at column 8 is not utf-8" in refused(path)


def test_more_lines_to_leave_out_than_there_are_leave_nothing(write):
    assert "there is no text" in refused(write("a.csv", "label,text\na,b\n"), skip_lines=10**30)


def test_standard_input_is_read_where_no_stream_is_given(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"label,text\na,b\n")))
    assert pairs("-") == [("a", "b")]
    monkeypatch.setattr("sys.stdin", None)
    assert "standard input" in refused("-")


def test_long_input_takes_no_more_memory_than_short_input(write):
    tracemalloc = pytest.importorskip("tracemalloc")
    path = write("a.csv", "label,text\n" + 'a,"some text, of some length, which comes again and again"\n' * 15_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_corpus(path)) == 15_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_fields_with_another_separator_are_pointed_out(write):
    rows = "text,label\none,late|angry\ntwo,late\nthree,angry\nfour,broken|late\nfive,broken\nsix,late;angry\n"
    corpus = read_corpus([write("a.csv", rows)])
    assert corpus.labels[0] == ("late", "angry") and corpus.labels[5] == ("late;angry",)
    assert corpus.notes[1].startswith('fields hold several labels, separated by "|"')
    assert corpus.notes[2].startswith(
        """other fields, such as 'late;angry', seem to hold several labels separated by ";\""""
    )
    alike = read_corpus([write("b.csv", rows.replace(";", "|"))])
    assert len(alike.notes) == 2 and alike.labels[5] == ("late", "angry")
