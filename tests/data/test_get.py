"""The corpus downloader data/get.py, against a server of our own, and what data/README.md promises of spam.csv."""

import csv
import hashlib
import importlib.util
import io
import json
import re
import signal
import subprocess
import sys
import tarfile
import threading
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from textcnn.corpus import read_corpus

DATA = Path(__file__).resolve().parents[2] / "data"
SCRIPT = DATA / "get.py"
Answers = dict[str, bytes | int]  # path -> the body, or the status of a failure


def load() -> ModuleType:
    """The script as a module; it stands outside the package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("textcnn_data_get", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


get = load()


# ---------------------------------------------------------------------------------------------- the server


class Server:
    """An HTTP server on the loopback which answers each path with what the test put there."""

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.base = f"http://127.0.0.1:{self.http.server_port}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """A request handler bound to these answers, silent."""
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = answers.get(self.path, 404)
                if isinstance(found, int):
                    self.send_error(found)
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(found)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running server; a proxy set in the environment is not asked for it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def offer(server: Server, name: str, *blobs: bytes) -> dict[str, Any]:
    """Serve the blobs as the files of the corpus; return corpora in which their sums are the expected ones."""
    corpus = get.CORPORA[name]
    sources = []
    for source, blob in zip(corpus.sources, blobs, strict=True):
        server.answers[urlsplit(source.url).path] = blob
        sources.append(replace(source, sha256=hashlib.sha256(blob).hexdigest(), size=len(blob)))
    return {name: replace(corpus, sources=tuple(sources))}


def run(server: Server, corpora: Mapping[str, Any], folder: Path, name: str | None = None) -> int:
    """The command line for the one corpus in corpora, or for the name given."""
    return int(get.main([name or next(iter(corpora)), "-o", str(folder)], corpora, server.base))


def table(path: Path) -> list[list[str]]:
    """The rows of a CSV file after the header, which is checked."""
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream, strict=True)
    assert header == ["label", "text"]
    return rows


# ------------------------------------------------------------------------------------- made-up archives


def zipped(**members: str) -> bytes:
    """A zip with the members; two underscores in a name stand for a slash, one for a dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return target.getvalue()


def tarred(members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A tar.gz with the members and symbolic links."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, blob in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            archive.addfile(info, io.BytesIO(blob))
        for name, goal in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, goal
            archive.addfile(link)
    return target.getvalue()


SMS = zipped(SMSSpamCollection='ham\tsee you, "later" \x85 ok\r\nspam\tWIN £5 now!\n\n', readme="not read")
TREC = (b"DESC:manner How far is S\xe3o Paulo ?\nLOC:city Which sister\xf0city ?\n", b"HUM:ind Who ?\n")
MR = {"rt-polaritydata/rt-polarity.pos": b"a caf\xe9 \x97 lovely . \n", "rt-polaritydata/rt-polarity.neg": b"dull .\n"}
AG = (b'"3","Oil, up","It ""rose""\\again"\n"1","A","B"\n', b'"4","New\\chip","tiny"\r\n')
SST = zipped(
    trees__train_txt="(3 (2 A) (4 (2 good) (2 -LRB-short-RRB-)))\n(2 (2 meh) (2 .))\n",
    trees__dev_txt="(0 (2 1\\/2) (2 star))\n",
    trees__test_txt="(1 (2 Mam\u00e1))\n",
)
CLINC = json.dumps(
    {
        key: [[f"text of {key}", f"label of {key}"]]
        for key in ("train", "val", "test", "oos_train", "oos_val", "oos_test")
    }
).encode()
GO = (b'"""Quoted"" start"\t0\tid1\ntwo feelings\t3,4\tid2\n', b"fine\t27\tid3\n", "naïve\t26\tid4\n".encode())

GOOD: list[tuple[str, tuple[bytes, ...], dict[str, list[list[str]]]]] = [
    ("sms_spam", (SMS,), {"all": [["ham", 'see you, "later" \x85 ok'], ["spam", "WIN £5 now!"]]}),
    (
        "trec",
        TREC,
        {"train": [["DESC", "How far is São Paulo ?"], ["LOC", "Which sister city ?"]], "test": [["HUM", "Who ?"]]},
    ),
    (
        "trec_fine",
        TREC,
        {
            "train": [["DESC:manner", "How far is São Paulo ?"], ["LOC:city", "Which sister city ?"]],
            "test": [["HUM:ind", "Who ?"]],
        },
    ),
    ("mr", (tarred(MR),), {"all": [["positive", "a café \u2014 lovely ."], ["negative", "dull ."]]}),
    (
        "ag_news",
        AG,
        {"train": [["Business", 'Oil, up It "rose" again'], ["World", "A B"]], "test": [["Sci/Tech", "New chip tiny"]]},
    ),
    (
        "sst1",
        (SST,),
        {
            "train": [["positive", "A good (short)"], ["neutral", "meh ."]],
            "dev": [["very negative", "1/2 star"]],
            "test": [["negative", "Mamá"]],
        },
    ),
    (
        "sst2",
        (SST,),
        {"train": [["positive", "A good (short)"]], "dev": [["negative", "1/2 star"]], "test": [["negative", "Mamá"]]},
    ),
    (
        "clinc150",
        (CLINC,),
        {
            "train": [["label of train", "text of train"]],
            "dev": [["label of val", "text of val"]],
            "test": [["label of test", "text of test"]],
            "oos": [["label of oos_test", "text of oos_test"]],
        },
    ),
    (
        "goemotions",
        GO,
        {
            "train": [["admiration", '"Quoted" start'], ["annoyance|approval", "two feelings"]],
            "dev": [["neutral", "fine"]],
            "test": [["surprise", "naïve"]],
        },
    ),
]


# ---------------------------------------------------------------------------------------------- get.py


def test_every_corpus_is_tried_here() -> None:
    assert [name for name, *_ in GOOD] == list(get.CORPORA)


@pytest.mark.parametrize(("name", "blobs", "expected"), GOOD, ids=[name for name, *_ in GOOD])
def test_a_good_download_becomes_csv(
    server: Server, tmp_path: Path, name: str, blobs: tuple[bytes, ...], expected: dict[str, list[list[str]]]
) -> None:
    folder = tmp_path / "deep" / "er"
    assert run(server, offer(server, name, *blobs), folder) == 0
    assert {path.name: table(path) for path in folder.iterdir()} == {f"{k}.csv": v for k, v in expected.items()}


def test_the_files_written_are_reported(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(server, offer(server, "trec", *TREC), tmp_path)
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'train'}.csv: 2 rows, 2 labels",
        f"{tmp_path / 'test'}.csv: 1 rows, 1 labels",
    ]


def test_the_folder_has_the_name_of_the_corpus_by_default(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert get.main(["mr"], offer(server, "mr", tarred(MR)), server.base) == 0
    assert (tmp_path / "mr" / "all.csv").is_file()


def test_a_second_run_replaces_the_files(server: Server, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("old", encoding="utf-8")
    assert run(server, offer(server, "sms_spam", SMS), tmp_path) == 0
    assert len(table(tmp_path / "all.csv")) == 2


def assert_refused(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> None:
    """One line on the standard error with the words in it, and no trace of the folder."""
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("get.py: ")
    assert shown.err.count("\n") == 1
    assert all(word in shown.err for word in words)
    assert not folder.exists()


@pytest.mark.parametrize("change", [lambda blob: blob[:-1], lambda blob: blob[:-1] + b"?", lambda blob: blob + b"more"])
def test_a_wrong_sum_leaves_nothing_behind(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[bytes], bytes]
) -> None:
    corpora = offer(server, "trec", *TREC)
    path = urlsplit(corpora["trec"].sources[1].url).path
    server.answers[path] = change(TREC[1])
    assert run(server, corpora, tmp_path / "new") == 1
    assert_refused(capsys, tmp_path / "new", path, "SHA-256", corpora["trec"].sources[1].sha256)


def test_a_failure_leaves_earlier_files_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("mine", encoding="utf-8")
    corpora = offer(server, "sms_spam", SMS)
    server.answers[urlsplit(corpora["sms_spam"].sources[0].url).path] = b"something else"
    assert run(server, corpora, tmp_path) == 1
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"all.csv": "mine"}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_server_error_is_told(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    corpora = offer(server, "clinc150", CLINC)
    server.answers[urlsplit(corpora["clinc150"].sources[0].url).path] = status
    assert run(server, corpora, tmp_path / "new") == 1
    assert_refused(capsys, tmp_path / "new", "cannot download", str(status))


def test_no_server_is_told(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpora = offer(server, "clinc150", CLINC)
    assert get.main(["clinc150", "-o", str(tmp_path / "new")], corpora, "http://127.0.0.1:1") == 1
    assert_refused(capsys, tmp_path / "new", "cannot download", "refused")


@pytest.mark.parametrize(
    ("name", "blob"),
    [
        ("mr", tarred({"other": b""})),
        ("mr", tarred({}, {"rt-polaritydata/rt-polarity.pos": "/etc/hostname"})),
        ("mr", b"not a tar at all"),
        ("sms_spam", zipped(other="")),
        ("sms_spam", zipped(SMSSpamCollection="no tab here")),
        ("sms_spam", b"not a zip at all"),
        ("clinc150", b"{}"),
    ],
    ids=["no-file", "link", "no-tar", "no-member", "no-tab", "no-zip", "empty-object"],  # archives hold the time
)
def test_another_layout_is_told(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, blob: bytes
) -> None:
    assert run(server, offer(server, name, blob), tmp_path / "new") == 1
    assert_refused(capsys, tmp_path / "new", "not laid out as expected")


def test_paths_in_an_archive_are_never_written(server: Server, tmp_path: Path) -> None:
    evil = tarred(MR | {"../escaped": b"x", str(tmp_path / "absolute"): b"x"}, {"link": "/etc"})
    assert run(server, offer(server, "mr", evil), tmp_path / "in") == 0
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["in", "in/all.csv"]


def test_a_writing_that_fails_half_way_leaves_nothing_behind(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = get.write_csv

    def full_disk(path: Path, rows: list[tuple[str, str]]) -> None:
        whole(path, rows)
        if "test" in path.name:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(get, "write_csv", full_disk)
    assert run(server, offer(server, "trec", *TREC), tmp_path / "new") == 1
    assert_refused(capsys, tmp_path / "new", "cannot write", "No space left")


def test_a_file_in_the_folders_place_is_told(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    assert run(server, offer(server, "mr", tarred(MR)), tmp_path / "taken") == 1
    assert "cannot write" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_an_unknown_name_lists_the_names(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(server, get.CORPORA, tmp_path / "new", "enron") == 2
    assert_refused(capsys, tmp_path / "new", "'enron'", *get.CORPORA)


@pytest.mark.parametrize("argv", [[], ["--list"], ["--list", "trec"]])
def test_the_list_names_sizes_homes_and_terms(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert get.main(argv) == 0
    shown = capsys.readouterr().out
    assert all(text in shown for name, corpus in get.CORPORA.items() for text in (name, corpus.home, corpus.terms))
    assert "download: 31.3 MB" in shown


def test_the_script_stands_alone() -> None:
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), "none"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "sms_spam" in done.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no such signal here")
def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    with subprocess.Popen([sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == -signal.SIGPIPE


def test_labels_joined_by_a_bar_are_found_by_textcnn(tmp_path: Path) -> None:
    rows = [
        f"comment {number}\t{labels}\tid\n" for number, labels in enumerate(("3", "4", "3,4", "4,27", "27", "3,27"))
    ]
    train = get.read_goemotions(["".join(rows).encode(), b"", b""])["train"]
    get.write(tmp_path, {"train": train})
    corpus = read_corpus([tmp_path / "train.csv"])
    assert corpus.labels[2:4] == [("annoyance", "approval"), ("approval", "neutral")]


def test_the_sources_are_https_with_sums() -> None:
    for source in [source for corpus in get.CORPORA.values() for source in corpus.sources]:
        assert source.url.startswith("https://")
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert source.size > 0


def test_every_corpus_is_in_the_readme() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert [name for name in get.CORPORA if f"`{name}`" not in readme] == []
    assert [corpus.home for corpus in get.CORPORA.values() if corpus.home.split(" (")[0] not in readme] == []


# -------------------------------------------------------------------------------------------- spam.csv

EMOJI = re.compile("[\u231a-\u23ff\u2600-\u27bf\U0001f300-\U0001faff]")
LINK = re.compile(r"https?://\S+|\b[\w-]+\.example\b")


@pytest.fixture(scope="module")
def spam() -> list[list[str]]:
    """The rows of data/spam.csv and data/spam-test.csv."""
    return table(DATA / "spam.csv") + table(DATA / "spam-test.csv")


def share(rows: list[list[str]], test: Callable[[str], object]) -> dict[str, int]:
    """How many texts of each class pass the test."""
    return {name: sum(1 for label, text in rows if label == name and test(text)) for name in ("ham", "spam")}


def test_spam_csv_has_two_classes_of_a_good_size(spam: list[list[str]]) -> None:
    counts = share(spam, bool)
    assert len(spam) >= 800
    assert sum(counts.values()) == len(spam)
    assert 0.35 < counts["spam"] / len(spam) < 0.45


def test_the_readme_counts_spam_csv_right() -> None:
    rows = table(DATA / "spam.csv")
    counts = share(rows, bool)
    readme = " ".join((DATA / "README.md").read_text(encoding="utf-8").split())
    assert len(rows) >= 800
    assert f"{len(rows)} short messages" in readme
    assert f"{counts['spam']} are `spam`, {counts['ham']} are `ham`" in readme


def test_spam_csv_has_no_message_twice(spam: list[list[str]]) -> None:
    keys = ["".join(char for char in text.casefold() if char.isalnum()) or text for _, text in spam]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_spam_csv_texts_are_clean(spam: list[list[str]]) -> None:
    assert [text for _, text in spam if not text or text != text.strip()] == []
    assert [text for _, text in spam if text != unicodedata.normalize("NFC", text)] == []


@pytest.mark.parametrize(
    ("test", "least"),
    [
        (lambda text: "\n" in text, 10),
        (lambda text: '"' in text, 5),
        (EMOJI.search, 30),
        (LINK.search, 20),
        (lambda text: any(char.isalpha() and not char.isascii() for char in text), 50),
    ],
    ids=["line breaks", "quotes", "emoji", "links", "letters beyond ASCII"],
)
def test_spam_csv_has_what_is_hard_in_both_classes(
    spam: list[list[str]], test: Callable[[str], object], least: int
) -> None:
    assert min(share(spam, test).values()) >= least


@pytest.mark.parametrize(
    "letters", ["[\u0430-\u044f]", "[\u4e00-\u9fff]", "[\u3041-\u30f6]", "[\u0620-\u064a]", "[\u0900-\u097f]"]
)
def test_spam_csv_has_many_scripts_in_both_classes(spam: list[list[str]], letters: str) -> None:
    assert min(share(spam, re.compile(letters).search).values()) >= 5


def test_spam_csv_names_no_real_host(spam: list[list[str]]) -> None:
    hosts = [host for _, text in spam for host in re.findall(r"(?:https?://|@)([\w.-]*\w)", text)]
    assert [host for host in hosts if not re.search(r"(\.example|\bexample\.(com|org|net))$", host)] == ["channel"]
