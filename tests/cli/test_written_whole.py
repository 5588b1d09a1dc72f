"""What a command prints arrives whole, or the command fails and says so: on little disks and on slow pipes.

Each holds whether Python keeps a buffer for standard output or not: unbuffered it gives up after a part of a write.
"""

import fcntl
import os
import re
import resource
import select
import signal
import subprocess
import time

import program
import pytest
from examples import EXAMPLES

PATIENCE = 60  # seconds
LIMIT = 5000  # bytes of a file
COUNT = 20_000
BUFFERING = pytest.mark.parametrize(  # unbuffered is where answers were lost; the other holds the same promise
    "env",
    [pytest.param({}, marks=pytest.mark.slow, id="buffered"), pytest.param({"PYTHONUNBUFFERED": "1"}, id="unbuffered")],
)


@pytest.fixture
def lines(folder):
    """A file of texts that differ."""
    path = folder / "lines.txt"
    path.write_text("".join(f"{EXAMPLES[number % len(EXAMPLES)][1]} {number}\n" for number in range(COUNT)))
    return path


@pytest.fixture
def pipe():
    """A pipe whose writers are told to come again when it is full, as Node and some shells leave theirs."""
    outlet, inlet = os.pipe()
    os.set_blocking(inlet, False)
    yield outlet, inlet
    os.close(outlet)


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


@pytest.fixture
def start():
    """Start a command, and see that it is gone afterwards."""
    started = []

    def begin(*arguments, **options):
        started.append(program.start(*arguments, **options))
        return started[-1]

    yield begin
    for each in started:
        each.kill()
        each.communicate()


@pytest.fixture
def start_on(start):
    """The same with a stream that is this end of a pipe, which this process lets go of."""

    def begin(inlet, *arguments, stream="stdout", **options):
        process = start(*arguments, **{stream: inlet}, **options)
        os.close(inlet)
        return process

    return begin


def fill(inlet):
    """Until it takes no more; the number of bytes."""
    taken = 0
    try:
        while True:
            taken += os.write(inlet, b"." * 4096)
    except BlockingIOError:
        return taken


def read_slowly(outlet):
    """All that comes, with pauses in which the pipe is full."""
    pieces = []
    while piece := os.read(outlet, 1 << 18):
        pieces.append(piece)
        time.sleep(0.01)
    return b"".join(pieces)


def let_it_meet_the_full_pipe(process):
    """Long enough for a cold start; it waits, and has not ended."""
    time.sleep(1)
    assert process.poll() is None


@BUFFERING
class TestLittleDisk:
    def test_answers_that_do_not_fit_are_an_error_and_the_others_are_there(
        self, textcnn, start, model, lines, folder, env
    ):
        given = b"".join(lines.read_bytes().splitlines(keepends=True)[:1000])  # answered together
        whole = textcnn("predict", stdin=given).out.encode()
        with (folder / "answers").open("wb") as answers:
            process = start("predict", stdout=answers, env=env, preexec_fn=limited)
            said = process.communicate(given, timeout=PATIENCE)[1]
        assert (process.returncode, said) == (1, b"textcnn: cannot write the result: File too large\n")
        assert (folder / "answers").read_bytes() == whole[:LIMIT]

    @pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "--format=json"], ["train", "-h"]], ids=" ".join)
    def test_every_other_result_that_does_not_fit_is_an_error(self, start, model, folder, env, arguments):
        taken = LIMIT - 100  # so that each of them begins and does not end
        (folder / "result").write_bytes(b"." * taken)
        with (folder / "result").open("ab") as result:
            process = start(*arguments, stdout=result, env=env, preexec_fn=limited)
            said = process.communicate(timeout=PATIENCE)[1]
        assert process.returncode == 1
        assert re.fullmatch(rb"textcnn: .*File too large\n", said)
        assert (folder / "result").stat().st_size == LIMIT

    def test_messages_that_do_not_fit_are_no_error(self, start, model, folder, env):
        (folder / "said").write_bytes(b"." * (LIMIT - 10))
        with (folder / "said").open("ab") as said:
            process = start("predict", stderr=said, env=env, preexec_fn=limited)
            answers = process.communicate(b"free prize\xff\n", timeout=PATIENCE)[0]
        assert process.returncode == 0
        assert answers.startswith(b"spam\t")


@BUFFERING
class TestPipeThatDoesNotBlock:
    def test_a_slow_reader_gets_every_answer(self, start_on, model, lines, pipe, env):
        outlet, inlet = pipe
        with lines.open() as given:
            process = start_on(inlet, "predict", stdin=given, env=env)
            texts = [line.split("\t")[2] for line in read_slowly(outlet).decode().splitlines()]
        assert (process.wait(timeout=PATIENCE), process.stderr.read()) == (0, b"")
        assert texts == lines.read_text().splitlines()

    @pytest.mark.parametrize("arguments", [["inspect"], ["--version"], ["vectors", "nearest", "film"]], ids=" ".join)
    @pytest.mark.slow
    def test_every_command_waits_while_it_is_full(self, start_on, model, pipe, env, arguments):
        outlet, inlet = pipe
        taken = fill(inlet)
        process = start_on(inlet, *arguments, env=env)
        let_it_meet_the_full_pipe(process)
        assert read_slowly(outlet)[taken:] == program.run(*arguments).stdout
        assert (process.wait(timeout=PATIENCE), process.stderr.read()) == (0, b"")

    def test_messages_wait_for_a_slow_reader_too(self, start_on, pipe, folder, env):
        outlet, inlet = pipe
        taken = fill(inlet)
        process = start_on(inlet, "predict", "-m", "none", "x", stream="stderr", env=env)
        let_it_meet_the_full_pipe(process)
        assert re.fullmatch(rb"textcnn: there is no model none; .*\n", read_slowly(outlet)[taken:])
        assert process.wait(timeout=PATIENCE) == 1

    def test_a_reader_that_goes_ends_it_quietly(self, start_on, model, lines, env):
        outlet, inlet = os.pipe()
        os.set_blocking(inlet, False)
        with lines.open() as given:
            process = start_on(inlet, "predict", stdin=given, env=env)
            assert os.read(outlet, 100)
            os.close(outlet)
            assert process.stderr.read() == b""
        assert process.wait(timeout=PATIENCE) == -signal.SIGPIPE


@BUFFERING
@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("stderr", [subprocess.PIPE, subprocess.STDOUT], ids=["apart", "together"])
@pytest.mark.slow
def test_ctrl_c_ends_it_while_nobody_reads(start_on, model, lines, pipe, env, blocking, stderr):
    outlet, inlet = pipe
    os.set_blocking(inlet, blocking)
    with lines.open() as given:
        process = start_on(inlet, "predict", stdin=given, stderr=stderr, env=env)
    select.select([outlet], [], [], PATIENCE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    if stderr == subprocess.PIPE:
        assert process.stderr.read() == b"textcnn: stopped\n"
    else:  # there is no room for the last word, and for whom should it wait?
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 130
    assert b"Traceback" not in read_slowly(outlet)


def test_the_end_of_a_pipe_stays_as_it_was(start_on, model, pipe):
    """Others share it: a shell whose terminal blocks all of a sudden, say."""
    outlet, inlet = pipe
    kept = os.dup(inlet)
    assert start_on(inlet, "predict", "x").wait(timeout=PATIENCE) == 0
    assert fcntl.fcntl(kept, fcntl.F_GETFL) & os.O_NONBLOCK
    os.close(kept)
    assert read_slowly(outlet)
