"""Which texts are held out: stratified, equal texts together, each once or a share."""

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from textcnn.settings import Settings, settled
from textcnn.training.folds import deal, hold_out, random_folds, splits, stratified_folds


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1),
    st.floats(0.01, 0.9),
    st.integers(0, 5),
)
def test_no_text_is_on_both_sides_and_none_is_lost(rows: list[tuple[int, int]], share: float, seed: int) -> None:
    texts, strata = [text for text, _ in rows], [stratum for _, stratum in rows]
    learn, held = hold_out(texts, strata, share, np.random.default_rng(seed))
    assert sorted([*learn, *held]) == list(range(len(rows)))
    assert not {texts[row] for row in learn} & {texts[row] for row in held}
    assert len(learn)


def test_the_split_is_stratified() -> None:
    strata = [0] * 900 + [1] * 100
    _, held = hold_out(range(1000), strata, 0.1, np.random.default_rng(0))
    assert np.bincount(np.array(strata)[held]).tolist() == [90, 10]


def test_a_label_with_one_text_is_learned_from() -> None:
    learn, held = hold_out(["a", "b", "c"], ["x", "x", "single"], 0.5, np.random.default_rng(0))
    assert 2 in learn and len(held) == 1


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1),
    st.integers(2, 4),
    st.integers(0, 5),
)
def test_each_text_is_held_out_once_and_never_beside_its_copy(
    rows: list[tuple[int, int]], parts: int, seed: int
) -> None:
    texts, strata = [text for text, _ in rows], [stratum for _, stratum in rows]
    dealt = deal(texts, strata, parts, np.random.default_rng(seed))
    assert 1 <= len(dealt) <= parts
    for learn, held in dealt:
        assert sorted([*learn, *held]) == list(range(len(rows))) and len(learn)
        assert not {texts[row] for row in learn} & {texts[row] for row in held}
    held_out = [row for _, held in dealt for row in held]
    assert len(held_out) == len(set(held_out))
    first_of = {text: row for row, text in reversed(list(enumerate(texts)))}
    alone = Counter(strata[row] for row in first_of.values())
    assert set(held_out) == {row for row, text in enumerate(texts) if alone[strata[first_of[text]]] > 1}


def test_the_parts_are_stratified() -> None:
    strata = [0] * 900 + [1] * 30
    for _, held in deal(range(930), strata, 3, np.random.default_rng(0)):
        assert np.bincount(np.array(strata)[held]).tolist() == [300, 10]


def test_thirds_are_held_out_until_there_are_enough_and_of_many_or_of_a_model_trained_once_a_tenth() -> None:
    def sizes(count: int, several: bool = False, **values: Any) -> list[int]:
        settings, half = settled(Settings(**values), 2), count // 2
        labels = [("a", "b") if several else ("a",), ("b",)] * half
        return [len(held) for _, held in splits([str(n) for n in range(count)], labels, settings)]

    assert sizes(60) == [20, 20, 20]
    assert sizes(2_100) == [700, 700] and sizes(1_800) == [600, 600, 600]
    assert sizes(4_500) == [1_500]
    assert sizes(4_500, several=True) == [1_500, 1_500]
    assert sizes(6_010) == sizes(6_010, several=True) == [600]
    assert sizes(60, quality="fast") == sizes(60, refit="off") == [6]
    assert sizes(60, validation_share=0.2) == [12]
    long = [f"{'word ' * 400_000}{number}" for number in range(12)]
    assert [len(held) for _, held in splits(long, [("a",)] * 12, settled(Settings(), 2))] == [1]


def test_a_single_text_of_a_label_is_dealt_if_that_is_wanted() -> None:
    folds = [
        stratified_folds(list("abcd"), ["x", "x", "x", "single"], 3, np.random.default_rng(0), single=single).tolist()
        for single in (False, True)
    ]
    assert folds[0][3] == -1 and sorted(folds[0][:3]) == [0, 1, 2] and folds[1] == [*folds[0][:3], 0]


def test_random_folds_are_even_and_keep_copies_together() -> None:
    copies = np.array([0, 1, 2, 3, 4, 5, 0, 1])
    folds = random_folds(copies, 3, np.random.default_rng(0))
    assert folds[0] == folds[6] and folds[1] == folds[7]
    assert np.bincount(folds[:6]).tolist() == [2, 2, 2]
