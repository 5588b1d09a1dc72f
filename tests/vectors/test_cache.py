"""A large vectors file is converted once, into the user's cache, whatever befalls the cache meanwhile."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from program import environment

from textcnn.vectors import cache, conversion, loading
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.stored_rows import StoredRows

WORDS = [f"word{number}" for number in range(300)]
OPEN = """
import sys
from textcnn.vectors import loading
loading._SMALL = 0
print(len(loading.open_vectors(sys.argv[1], say=lambda note: None).table.vocabulary), flush=True)
"""
# What is read waits to be written for as long as a test takes.
NEVER_WRITTEN = """
import sys, time
from textcnn.vectors import conversion
conversion._header = lambda *_: (print("writing", file=sys.stderr, flush=True), time.sleep(60))
"""


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch, tmp_path):
    """Every file counts as large, and the cache is our own."""
    monkeypatch.setattr(loading, "_SMALL", 0)
    monkeypatch.setenv("TEXTCNN_CACHE", str(tmp_path / "cache" / "textcnn"))


@pytest.fixture
def glove(tmp_path):
    """A file that will be converted."""
    return write(tmp_path / "glove.txt", WORDS)


def write(path, words):
    matrix = np.random.default_rng(0).normal(size=(len(words), 6))
    rows = zip(words, matrix.tolist(), strict=True)
    path.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows))
    return path


def entries():
    return sorted(path.name for path in cache.cache_folder().glob("*"))


def opened(path, surfaces=None, progress=None):
    notes = []
    table = open_vectors(str(path), surfaces, say=notes.append, progress=progress).table
    return table, notes


def test_the_first_time_converts_and_says_so_and_later_ones_only_open(glove):
    shares = []
    first, notes = opened(glove, progress=lambda what, share: shares.append((what, share)))
    assert notes == [f"glove.txt is converted once, into {cache.cache_folder()}"]
    assert shares[0] == ("reading glove.txt", 1.0)
    before = (cache.cache_folder() / entries()[0]).stat().st_mtime_ns
    second, notes = opened(glove)
    assert notes == [] and len(entries()) == 1
    assert (cache.cache_folder() / entries()[0]).stat().st_mtime_ns == before
    assert first.vocabulary.words() == second.vocabulary.words() == WORDS
    assert isinstance(second.vectors.values, StoredRows)


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("TEXTCNN_CACHE")
    assert cache.cache_folder().name in ("textcnn", "Cache")
    monkeypatch.setenv("TEXTCNN_CACHE", str(tmp_path))
    assert cache.cache_folder() == tmp_path


def test_a_file_that_changed_is_converted_again_and_its_old_self_goes(glove):
    opened(glove)
    old = entries()
    write(glove, WORDS[:100])
    assert len(opened(glove)[0].vocabulary) == 100
    assert len(entries()) == 1 and entries() != old


def test_files_of_one_name_do_not_meet(glove, tmp_path):
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other" / "glove.txt", WORDS[:7])
    assert [len(opened(path)[0].vocabulary) for path in (glove, other, glove)] == [300, 7, 300]
    assert len(entries()) == 2


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: data[::-1]])
def test_a_damaged_entry_is_written_again(glove, damage):
    opened(glove)
    entry = cache.cache_folder() / entries()[0]
    entry.write_bytes(damage(entry.read_bytes()))
    table, notes = opened(glove)
    assert table.vocabulary.words() == WORDS and "converted once" in notes[0]
    assert opened(glove)[1] == []


def test_a_malformed_file_leaves_nothing_behind(glove):
    with glove.open("a") as file:
        file.write("broken 1 2\n")
    with pytest.raises(loading.VectorsError, match="line 301"):
        opened(glove)
    assert entries() == []


def test_a_cache_whose_names_are_too_long_is_done_without(glove, monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTCNN_CACHE", str(tmp_path / ("x" * 300)))
    table, notes = opened(glove)
    assert table.vocabulary.words() == WORDS
    assert notes[1].endswith("so the vectors are read anew each time")


def test_a_cache_that_cannot_be_written_is_done_without(glove, monkeypatch):
    cache.cache_folder().parent.mkdir()
    cache.cache_folder().write_text("a file where the folder should be")
    table, notes = opened(glove)
    assert table.vocabulary.words() == WORDS
    assert notes[1].endswith("so the vectors are read anew each time")


def test_a_full_disk_is_seen_before(glove, monkeypatch):
    usage = cache.shutil.disk_usage(glove.parent)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: usage._replace(free=10))
    table, notes = opened(glove)
    assert len(table.vocabulary) == 300 and "0 MB left" in notes[1] and entries() == []


def test_a_disk_that_fills_up_on_the_way_leaves_nothing_behind(glove, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(conversion, "_header", full)
    table, notes = opened(glove)
    assert len(table.vocabulary) == 300 and "No space left" in notes[1] and entries() == []


def test_without_the_cache_the_words_of_the_texts_and_frequent_ones_are_kept(glove, monkeypatch):
    monkeypatch.setattr(loading, "_FREQUENT", 5)
    cache.cache_folder().parent.mkdir()
    cache.cache_folder().write_text("")
    write(glove, [*WORDS, "film", "maker", "unwanted"])
    table, _ = opened(glove, ["Word99", "film-maker"])
    assert table.vocabulary.words() == [*WORDS[:5], "word99", "film", "maker"]


def test_two_processes_that_convert_at_once_are_both_served(glove):
    running = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(glove)], stdout=subprocess.PIPE, env=environment())
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0] for process in running] == [b"300\n", b"300\n"]
    assert len(entries()) == 1 and opened(glove)[1] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs signals that kill")
def test_a_conversion_that_is_killed_leaves_no_entry_and_the_next_one_works(glove):
    slow = OPEN.replace("loading._SMALL = 0", f"loading._SMALL = 0\n{NEVER_WRITTEN}")
    process = subprocess.Popen([sys.executable, "-c", slow, str(glove)], stderr=subprocess.PIPE, env=environment())
    assert process.stderr.readline() == b"writing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    [left] = entries()
    assert left.startswith(".")
    glove.write_bytes(glove.read_bytes() + b"\n")  # another file, so what the kill left is of another entry
    assert len(opened(glove)[0].vocabulary) == 300 and len(entries()) == 2
    os.utime(cache.cache_folder() / left, (time.time() - 200_000,) * 2)
    glove.touch()
    opened(glove)
    assert left not in entries() and len(entries()) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs signals")
def test_a_conversion_that_is_interrupted_cleans_up(start, glove):
    large = "from textcnn.vectors import loading\nloading._SMALL = 0"
    command = "from textcnn.cli import main\nmain()"
    process = start("vectors", "info", str(glove), script=f"{large}\n{NEVER_WRITTEN}\n{command}")
    process.wait_until_said("writing")
    assert len(entries()) == 1  # and it is not whole
    process.send_signal(signal.SIGINT)
    assert process.end() == (130, "textcnn: stopped\n")
    assert process.answer() == "" and entries() == []


def test_memory_does_not_grow_with_the_number_of_vectors(tmp_path):
    """Converted in one process each: of 80 MB of floats, less than a quarter is ever held."""
    pytest.importorskip("resource")
    row = np.random.default_rng(0).normal(size=1000).astype("<f4").tobytes()
    code = f"{OPEN}\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    peaks = []
    for count in (20, 20_000):
        path = tmp_path / f"{count}.bin"
        with path.open("wb") as file:
            file.write(b"%d 1000\n" % count)
            file.writelines(b"w%d " % number + row for number in range(count))
        command = [sys.executable, "-c", code, str(path)]
        run = subprocess.run(command, capture_output=True, env=environment(), check=True)
        peaks.append(int(run.stdout.split()[1]) * (1 if sys.platform == "darwin" else 1024))
    assert peaks[1] - peaks[0] < 20_000_000


def test_an_entry_opens_in_milliseconds(tmp_path):
    glove = write(tmp_path / "glove.txt", [f"word{number}" for number in range(20_000)])
    opened(glove)
    began = time.process_time()
    opened(glove)
    assert time.process_time() - began < 0.05
