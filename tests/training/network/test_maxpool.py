"""The compiled loops give what the look-up in torch gives, forwards and backwards, whatever the number of threads."""

import time
from threading import Event

import pytest
import torch
from dense import LENGTHS, WIDTHS, Case, a_case

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, spans
from textcnn.model.bank import Pooling
from textcnn.training.network.convolution import pool
from textcnn.training.network.maxpool import pool_by_loops, suits

pytestmark = pytest.mark.skipif(loops("convolution") is None, reason="the loops were not compiled")


def by_loops(case: Case, *inputs: torch.Tensor, threads: int = 1) -> torch.Tensor:
    return pool_by_loops(*(inputs or case.inputs), case.words, case.starts, case.bank, WorkerThreads(threads))


@pytest.mark.parametrize("widths", [*WIDTHS, (4, 6)])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_equals_the_look_up_in_torch(widths: tuple[int, ...], lengths: list[int]) -> None:
    case = a_case(widths, lengths)
    ours = by_loops(case)
    theirs = pool(*case.inputs, case.batch(), case.bank, Pooling("max"))
    torch.testing.assert_close(ours, theirs)
    upstream = torch.randn_like(ours)
    for mine, reference in zip(
        torch.autograd.grad(ours, case.inputs, upstream),
        torch.autograd.grad(theirs, case.inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, reference)


def test_gradients_agree_with_finite_differences() -> None:
    case = a_case((1, 2, 3), [0, 1, 4], filters=2)
    assert torch.autograd.gradcheck(lambda *inputs: by_loops(case, *inputs), case.inputs)


def test_the_number_of_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcnn.training.network.maxpool._WORDS", 5)  # of twelve: several tasks
    torch.manual_seed(3)
    lengths = torch.randint(0, 60, (90,)).tolist()
    case = a_case((1, 2, 3, 4), lengths, filters=30)
    vectors, weight, bias = (part.float().detach().requires_grad_() for part in case.inputs)
    results = []
    for threads in (1, 2, 3):
        features = by_loops(case, vectors, weight, bias, threads=threads)
        gradients = torch.autograd.grad(features.square().sum(), (vectors, weight, bias))
        results.append([features, *gradients])
    for one, two, three in zip(*results, strict=True):
        assert torch.equal(one, two) and torch.equal(one, three)


def test_loops_do_max_pooling_on_the_cpu_only() -> None:
    assert suits(torch.zeros(1, 1), Pooling("max"))
    assert not suits(torch.zeros(1, 1), Pooling("kmax", 2))
    assert not suits(torch.zeros(1, 1, device="meta"), Pooling("max"))


class TestWorkerThreads:
    def test_every_task_is_done_once(self) -> None:
        done: list[int] = []
        WorkerThreads(3).run([lambda number=number: done.append(number) for number in range(100)])
        assert sorted(done) == list(range(100))

    def test_what_a_task_raises_is_raised(self) -> None:
        def fail() -> None:
            raise ValueError("no")

        for threads in (1, 2):
            with pytest.raises(ValueError, match="no"):
                WorkerThreads(threads).run([fail, fail])

    def test_when_one_has_raised_no_other_task_begins(self) -> None:
        done: list[int] = []
        failing = Event()

        def slow() -> None:
            failing.wait()
            time.sleep(0.2)  # ten times, even a busy machine has raised meanwhile
            done.append(1)

        def fail() -> None:
            failing.set()
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            WorkerThreads(2).run([fail, *[slow] * 20])
        left = len(done)
        time.sleep(0.3)
        assert len(done) == left < 10

    def test_spans_cover_a_range_without_overlap(self) -> None:
        assert spans(10, 4) == [(0, 4), (4, 8), (8, 10)] and spans(0, 4) == []
