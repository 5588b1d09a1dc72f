"""The comparison of word vectors: nothing is on both sides, nothing is done twice, means are over pairs."""

import importlib.util
import sys
from pathlib import Path

import pytest
from examples import write_csv

PATH = Path(__file__).with_name("vectors.py")


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_vectors", PATH)
    module = sys.modules["benchmark_vectors"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["benchmark_vectors"]


def rows(count, start=0):
    return [("ab"[number % 2], f"Text {number % 30 + start}") for number in range(count)]


@pytest.mark.parametrize(
    "files", [{"all": rows(90)}, {"train": rows(90)}, {"train": rows(90), "dev": [*rows(5), ("a", "text  28")]}]
)
def test_no_text_is_on_both_sides(tmp_path, benchmark, files):
    for name, content in files.items():
        write_csv(tmp_path / f"{name}.csv", content)
    for seed in range(3):
        learned, scored = ({text.lower().split()[1] for _, text in side} for side in benchmark.divided(tmp_path, seed))
        assert learned and scored and not learned & scored
        assert len(learned | scored) == (27 if "all" in files else 30)  # a tenth of the former is set aside


def test_the_tenth_that_is_set_aside_is_the_same_for_every_seed(tmp_path, benchmark):
    write_csv(tmp_path / "all.csv", rows(30))
    sides = [benchmark.divided(tmp_path, seed) for seed in range(4)]
    assert len({frozenset([*learned, *scored]) for learned, scored in sides}) == 1
    assert len({frozenset(scored) for _, scored in sides}) > 1


def test_of_few_texts_two_of_each_label_come_first(benchmark):
    given = [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("b", "5"), ("c", "6")]
    assert benchmark.drawn(given, 5) == [("a", "1"), ("a", "2"), ("b", "4"), ("b", "5"), ("c", "6")]
    assert benchmark.drawn(given, 99) == [*given[:2], *given[3:], given[2]]


def test_what_has_a_row_is_not_done_again(tmp_path, benchmark, monkeypatch, capsys):
    runs = list(benchmark.plan())
    assert len(runs) == len(set(runs)) == 3 * (7 * 6 + 4 * 3 * 2)
    asked = []

    def carried_out(run, corpora, inputs):
        asked.append(run)
        if len(asked) == 3:
            raise KeyboardInterrupt
        accuracy = {"english": 0.9, "none": 0.8}.get(run.vectors, 0.5) + 0.01 * (run.keep_words > 0)
        return benchmark.Result(accuracy, 0.5, 10, 10, 1.0)

    monkeypatch.setattr(benchmark, "carried_out", carried_out)
    path = tmp_path / "rows.csv"
    with pytest.raises(KeyboardInterrupt):
        benchmark.work(tmp_path, tmp_path, path)
    benchmark.work(tmp_path, tmp_path, path)
    assert asked == [*runs[:3], *runs[2:]]
    assert [run for run, _ in benchmark.recorded(path)] == runs
    benchmark.tables(path)
    shown = capsys.readouterr().out
    assert "| none | " + "81.0 | " * 8 + "-10.0 ± 0.0 |" in shown
    assert "| 300 | " + "90.0, 91.0 | " * 4 + "+1.0 ± 0.0 |" in shown
