"""`predict --output`: an output for each input, whole or not at all, in its format, with its other columns."""

import gzip
import json
import os

import pytest

pa = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")
pq = pytest.importorskip("pyarrow.parquet")

TEXTS = ["WIN a free prize now", "see you at lunch tomorrow", "claim your cash", "dinner is ready at seven"]
MAILS = pa.table({"id": [1, 2, 3, 4], "text": TEXTS, "label": ["spam", "ham", "spam", "ham"], "v": [[0.5]] * 4})


@pytest.fixture
def inputs(folder, model):
    """A folder with a file of each kind."""
    (folder / "in" / "deep").mkdir(parents=True)
    pq.write_table(MAILS, folder / "in" / "a.parquet", compression="gzip")
    pq.write_table(MAILS.slice(0, 0), folder / "in" / "deep" / "none.parquet")
    with ipc.new_file(folder / "in" / "b.arrow", MAILS.schema) as writer:
        writer.write_table(MAILS)
    rows = [{"id": row, "text": text} for row, text in enumerate(TEXTS)]
    (folder / "in" / "c.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    table = "id,text\n" + "".join(f'{row},"{text}"\n' for row, text in enumerate(TEXTS))
    (folder / "in" / "d.csv.gz").write_bytes(gzip.compress(table.encode()))
    (folder / "in" / "e.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    return folder / "in"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "_textcnn.jsonl"
    }


def columns(path):
    return pq.read_table(path).to_pydict()


def test_each_file_is_answered_in_its_format(inputs, folder, textcnn):
    said = textcnn("predict", "--input", "in", "--output", "out")
    assert (said.code, said.out) == (0, "")
    assert "6 files, 20 texts, 20 answers, " in said.err
    made = contents(folder / "out")
    assert list(made) == ["a.parquet", "b.arrow", "c.jsonl", "d.csv.gz", "deep/none.parquet", "e.tsv"]
    answered = pq.read_table(folder / "out" / "a.parquet")
    answers = ["label", "probability", "probabilities", "novelty"]
    assert answered.schema.names == ["id", "text", "input_label", "v", *answers]
    assert answered.select(["id", "text", "v"]).equals(MAILS.select(["id", "text", "v"]))
    assert answered["label"].to_pylist() == MAILS["label"].to_pylist()
    assert ipc.open_file(folder / "out" / "b.arrow").read_all().equals(answered)
    assert pq.ParquetFile(folder / "out" / "a.parquet").metadata.row_group(0).column(0).compression == "GZIP"
    assert pq.read_schema(folder / "out" / "deep" / "none.parquet").equals(answered.schema)
    for name, form in (("c.jsonl", "jsonl"), ("e.txt", "tsv")):
        piped = textcnn("predict", "--input", f"in/{name}", "--format", form, "-q").out.encode()
        assert made[name.replace("txt", "tsv")] == piped
    piped = textcnn("predict", "--input", "in/d.csv.gz", "--format", "csv", "-q").out
    assert gzip.decompress(made["d.csv.gz"]).decode() == piped


def test_outputs_are_the_same_bytes_each_time(inputs, folder, textcnn):
    for output in ("one", "two"):
        assert textcnn("predict", "--input", "in", "--output", output, "-q", "--threads", len(output) - 2).code == 0
    assert contents(folder / "one") == contents(folder / "two")


def test_the_format_can_be_told(inputs, folder, textcnn):
    assert textcnn("predict", "--input", "in/*.jsonl", "--output", "out", "--format", "parquet").code == 0
    assert columns(folder / "out" / "c.parquet")["id"] == ["0", "1", "2", "3"]
    assert textcnn("predict", "--input", "in/a.parquet", "--output", "out", "--format", "jsonl", "--top", "2").code == 0
    piped = textcnn("predict", "--input", "in/a.parquet", "--format", "jsonl", "--top", "2", "-q").out
    assert (folder / "out" / "a.jsonl").read_text() == piped
    assert json.loads(piped.splitlines()[0])["v"] == [0.5]


def test_rows_only_and_bad_rows(inputs, folder, textcnn):
    table = pa.table({"text": [*TEXTS, None], "part": ["x", "y", "y", "y", "x"]})
    pq.write_table(table, "a.parquet")
    said = textcnn("predict", "--input", "a.parquet", "--output", "out")
    assert said.code == 1
    assert 'a.parquet:5: the column "text" is null, where one text is needed' in said.err
    assert contents(folder / "out") == {}
    assert textcnn("predict", "--input", "a.parquet", "--output", "out", "--rows", "part=y", "--only", "spam").code == 0
    assert columns(folder / "out" / "a.parquet")["text"] == [TEXTS[2]]
    said = textcnn("predict", "--input", "a.parquet", "--output", "all", "--skip-bad-rows", "-q")
    assert said.err.startswith("a.parquet: 1 bad row skipped; the first: a.parquet:5: the column")
    assert columns(folder / "all" / "a.parquet")["text"] == TEXTS
    assert textcnn("predict", "--input", "a.parquet", "--output", "none", "--only", "unknown", "--threshold", "0",
                   "--skip-bad-rows", "-q").code == 1  # fmt: skip


def test_batches_and_row_groups_keep_rows_and_answers_together(folder, model, textcnn):
    many = pa.table({"id": range(9000), "text": [TEXTS[row % 4] + f" {row}" for row in range(9000)]})
    pq.write_table(many, "many.parquet", row_group_size=700)
    assert textcnn("predict", "--input", "many.parquet", "--output", "out", "-q").code == 0
    got, metadata = columns(folder / "out" / "many.parquet"), pq.ParquetFile(folder / "out" / "many.parquet").metadata
    assert (got["id"], got["text"]) == (many["id"].to_pylist(), many["text"].to_pylist())
    assert metadata.num_row_groups == 1, "of small row groups good ones are made"
    (folder / "lines.txt").write_text("".join(f"{text}\n" for text in got["text"]))
    assert textcnn("predict", "--input", "lines.txt", "--format", "label").out.split() == got["label"]


def test_of_a_long_text_the_beginning_is_read_and_that_is_said(folder, model, textcnn):
    pq.write_table(pa.table({"text": ["see you", "free " * 30_000]}), "a.parquet")
    said = textcnn("predict", "--input", "a.parquet", "--output", "out").err
    assert said.startswith("a.parquet: of the text of row 2 and others as long only the first 20,000 words are read\n")


def test_resume_makes_what_is_not_finished(inputs, folder, textcnn):
    def predict(*more):
        return textcnn("predict", "--input", "in", "--output", "out", *more)

    assert predict("-q").code == 0
    said = predict()
    assert said.code == 1
    assert "out/a.parquet, out/b.arrow, out/c.jsonl and 3 more: there already; --resume keeps" in said.err
    whole = contents(folder / "out")
    assert predict("--resume").err == "6 of 6 files were finished before\n"
    (folder / "out" / "c.jsonl").unlink()
    (folder / "out" / "a.parquet").write_bytes(b"cut off")
    os.utime(inputs / "e.txt", ns=(0, 0))
    with (folder / "out" / "_textcnn.jsonl").open("a") as file:
        file.write('{"output": "b.arr')
    said = predict("--resume").err
    assert said.startswith("3 of 6 files were finished before\n")
    assert "\n3 files, 12 texts, " in said
    assert contents(folder / "out") == whole
    assert predict("--resume", "--threads", "1").err.startswith("6 of 6"), "threads change no answer"
    assert "files were finished" not in predict("--resume", "--threshold", "0.9").err, "other options, other answers"


def test_a_file_that_cannot_be_read_leaves_the_others(inputs, folder, textcnn):
    whole = (inputs / "a.parquet").read_bytes()
    (inputs / "bad.parquet").write_bytes(whole[:-9])
    said = textcnn("predict", "--input", "in/*.parquet", "--output", "out", "-q")
    assert said.code == 1
    assert said.err.startswith(
        "1 file is finished; --resume goes on from there, once this one is mended or taken away\n"
    )
    assert "textcnn: in/bad.parquet: it cannot be read (" in said.err
    assert list(contents(folder / "out")) == ["a.parquet"]
    (inputs / "bad.parquet").write_bytes(whole)
    assert textcnn("predict", "--input", "in/*.parquet", "--output", "out", "--resume").err.startswith("1 of 2 files")


def test_a_file_without_the_column_that_the_model_learned_from_is_told_of(inputs, folder, textcnn):
    pq.write_table(pa.table({"body": TEXTS}), inputs / "f.parquet")
    said = textcnn("predict", "--input", "in/*.parquet", "--output", "out")
    assert said.code == 0
    assert 'text from "body" (' in said.err and 'the model learned from "text", which is not there)\n' in said.err
    assert said.err.count("learned from") == 1, "the others have it"


def test_names_with_blanks_and_of_any_script_and_very_many_files(folder, model, textcnn):
    (folder / "in").mkdir()
    names = [f"{number} ünï 電.parquet" for number in range(60)]
    for number, name in enumerate(names):
        pq.write_table(pa.table({"id": [number], "text": TEXTS[number % 4 :][:1]}), folder / "in" / name)
    assert textcnn("predict", "--input", "in/? *.parquet", "--output", "out", "-q").code == 0
    said = textcnn("predict", "--input", "in", "--output", "out", "--resume")
    assert "10 of 60 files were finished before\n" in said.err and "50 files, 50 texts" in said.err
    answers = {path.name: columns(path)["id"] for path in (folder / "out").glob("*.parquet")}
    assert answers == {name: [number] for number, name in enumerate(names)}
    entries = [json.loads(line)["output"] for line in (folder / "out" / "_textcnn.jsonl").read_text().splitlines()]
    assert sorted(entries) == sorted(names), "each once"


def test_what_cannot_go_together_is_refused(inputs, folder, textcnn):
    (folder / "x").mkdir()
    (folder / "x" / "a.json").write_text('{"text": "x"}\n')
    (folder / "x" / "a.jsonl").write_text('{"text": "x"}\n')
    (folder / "x" / "b.bin").write_text("x\n")
    for code, options, says in (
        (2, ("--output", "out"), "--output goes with --input"),
        (2, ("--resume",), "--resume goes with --output FOLDER"),
        (2, ("--format", "parquet"), "--format parquet goes with --output FOLDER"),
        (2, ("--input", "-", "--output", "out"), "standard input is answered on standard output"),
        (2, ("--input", "in", "--output", "in/out"), "--output in/out lies inside in, which is read"),
        (2, ("--input", "in", "--output", "in"), "lies inside in"),
        (2, ("--input", "in/*.parquet", "--output", "in"), "would be overwritten by answers"),
        (2, ("--input", "in/a.parquet", "--output", "out.parquet"), "--output takes a folder, where answers get"),
        (2, ("--input", "in", "--output", "model.textcnn"), "model.textcnn is a file"),
        (2, ("--input", "x/a.*", "--output", "out"), "x/a.json and x/a.jsonl would both become out/a.jsonl"),
        (2, ("--input", "in", "--output", "out", "--explain"), "--explain has room in JSON lines alone"),
        (2, ("--input", "in", "--output", "out", "--format", "pretty"), "is for a terminal"),
        (1, ("--input", "in/*.pdf", "--output", "out"), "in/*.pdf: no file has such a name"),
        (1, ("--input", "gone", "--output", "out"), "gone: there is no such file"),
        (1, ("--input", "x/b.bin", "--output", "out"), "its name does not tell its format"),
        (1, ("--input", "in/a.parquet", "--output", "out", "--text-column", "body"), 'there is no column "body"'),
    ):  # fmt: skip
        said = textcnn("predict", *options)
        assert (said.code, says in said.err) == (code, True), (options, said.err)
        assert said.err.count("\n") == 1
    (folder / "x" / "a.json").unlink()
    said = textcnn("predict", "--input", "x", "--output", "out", "-q").err
    assert said == "left out, for their names tell no format: x/b.bin; --input-format reads them\n"
