"""Folds: every text held out once, copies and groups on one side, the past before the future."""

import warnings
from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcnn.crossvalidation.folds import plan_folds
from textcnn.crossvalidation.past import times_of
from textcnn.errors import DataError, SettingsError


def labelled(*names):
    return [(name,) for name in names]


def different(count):
    return [f"text {number}" for number in range(count)]


class TestStratifiedFolds:
    def test_each_text_is_held_out_once_in_each_repeat_and_labels_are_even(self):
        plan = plan_folds(different(30), labelled(*"aab" * 10), folds=5, repeats=2)
        assert [(fold.repeat, fold.number) for fold in plan.folds] == [(r, n) for r in (1, 2) for n in range(1, 6)]
        for repeat in (1, 2):
            held = [fold.held for fold in plan.folds if fold.repeat == repeat]
            assert sorted(np.concatenate(held).tolist()) == list(range(30))
            assert {Counter("aab"[number % 3] for number in own.tolist())["b"] for own in held} == {2}
        assert not np.array_equal(plan.folds[0].held, plan.folds[5].held)
        assert all(not {*fold.learn.tolist()} & {*fold.held.tolist()} for fold in plan.folds)

    def test_the_seed_decides(self):
        def held(seed, repeats=1):
            plan = plan_folds(different(20), labelled(*"ab" * 10), folds=2, repeats=repeats, seed=seed)
            return plan.folds[0].held.tolist()

        assert held(0) == held(0, repeats=3) != held(1)

    def test_copies_are_on_one_side(self):
        texts = [*different(20), *(f"  TEXT  {number}" for number in range(10))]
        for fold in plan_folds(texts, labelled(*"ab" * 15), folds=3).folds:
            assert not {texts[n].split()[-1] for n in fold.learn} & {texts[n].split()[-1] for n in fold.held}

    def test_near_copies_are_on_one_side(self):
        long = "dear customer your parcel is waiting at the depot please pay the fee of {} pounds by friday noon"
        texts = [*different(10), *(long.format(fee) for fee in (2, 3, 4, 5))]
        for fold in plan_folds(texts, labelled(*"ab" * 7), folds=3).folds:
            assert len({10, 11, 12, 13} & {*fold.held.tolist()}) in (0, 4)

    def test_empty_texts_are_not_copies(self):
        plan = plan_folds(["", " ", "", "one", "two", "three"], labelled(*"ababab"), folds=6)
        assert [len(fold.held) for fold in plan.folds] == [1] * 6

    def test_a_group_is_on_one_side_and_copies_join_groups(self):
        texts = [*different(12), "text 0"]
        authors = [*"aaabbbcccddd", "d"]  # the last one is a copy of the first: a and d are one
        plan = plan_folds(texts, labelled(*"xyxyxyxyxyxyx"), folds=3, groups=authors)
        sides = [{authors[number] for number in fold.held.tolist()} for fold in plan.folds]
        assert sorted(map(sorted, sides)) == [["a", "d"], ["b"], ["c"]]

    def test_no_group_is_a_group_of_its_own(self):
        plan = plan_folds(different(6), labelled(*"ababab"), folds=5, groups=["a", "a", None, None, None, None])
        assert sorted(len(fold.held) for fold in plan.folds) == [1, 1, 1, 1, 2]

    def test_of_several_labels_the_rarest_is_dealt_evenly(self):
        labels = [("common", "rare") if number % 6 == 0 else ("common",) for number in range(30)] + [()] * 5
        plan = plan_folds(different(35), labels, folds=5)
        assert [sum("rare" in labels[number] for number in fold.held.tolist()) for fold in plan.folds] == [1] * 5
        assert [sum(not labels[number] for number in fold.held.tolist()) for fold in plan.folds] == [1] * 5

    def test_labels_that_not_every_fold_has_are_named(self):
        plan = plan_folds(different(13), labelled(*"ab" * 6, "c"), folds=3)
        assert plan.notes == (
            "labels with fewer texts than folds, which not every fold measures: 'c'",
            "labels that a fold holds out whole; there they cannot be learned, and their texts count as wrong: 'c'",
        )

    @given(st.lists(st.sampled_from("abcd"), min_size=8, max_size=40), st.lists(st.integers(0, 30), max_size=40))
    def test_no_unit_is_on_both_sides(self, names, groups):
        groups = (groups + list(range(100, 140)))[: len(names)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                plan = plan_folds(different(len(names)), labelled(*names), folds=2, groups=groups)
            except DataError:
                return
        for fold in plan.folds:
            assert len(fold.held) and not {groups[n] for n in fold.learn} & {groups[n] for n in fold.held}


class TestWhatCannotBeDealt:
    @pytest.mark.parametrize(
        ("texts", "labels", "options", "message"),
        [
            (different(4), "abab", {}, "only 4 texts, too few for 5 folds: choose at most 4"),
            (["a", "a", "b"] * 4, "ab" * 6, {}, "only 2 different texts among 12, too few for 5 folds"),
            (["same"] * 8, "ab" * 4, {}, "all 8 texts are near-copies of each other: none can be held out"),
            (different(8), "ab" * 4, {"groups": ["g"] * 8}, "all 8 texts are in one group, or near-copies"),
            (different(8), "ab" * 4, {"groups": [1, 2] * 4}, "only 2 groups, too few for 5 folds: choose at most 2"),
            (different(8), "ab" * 4, {"groups": [1]}, "8 texts but 1 groups"),
            (different(8), "aabb" * 2, {"groups": [1, 1, 2, 2] * 2, "folds": 2}, "has the label '.' only"),
            (different(8), "ab" * 4, {"times": np.zeros(8)}, "only 1 different times, too few for 5 folds"),
            (different(9), "ab" * 4 + "a", {"times": np.array([1.0] * 4 + [2.0] * 5)}, "even two folds need three"),
            (different(9), "aaaaaabab", {"times": np.arange(9.0), "folds": 2}, "fold 1 would learn from has .* 'a'"),
        ],
        ids=str,
    )
    def test_it_is_said_why(self, texts, labels, options, message):
        with pytest.raises(DataError, match=message):
            plan_folds(texts, labelled(*labels), **options)

    @pytest.mark.parametrize(
        "options", [{"folds": 1}, {"repeats": 0}, {"repeats": 2, "times": np.arange(8.0)}], ids=str
    )
    def test_settings_have_limits(self, options):
        with pytest.raises(SettingsError):
            plan_folds(different(8), labelled(*"abababab"), **options)


class TestPast:
    def test_each_fold_learns_from_all_that_came_before_it(self):
        times = np.array([6.0, 1, 2, 3, 1, 4, 5, 3])
        plan = plan_folds(different(8), labelled(*"abababab"), folds=3, times=times)
        parts = [(sorted(times[fold.learn].tolist()), sorted(times[fold.held].tolist())) for fold in plan.folds]
        assert parts == [([1, 1], [2]), ([1, 1, 2], [3, 3, 4]), ([1, 1, 2, 3, 3, 4], [5, 6])]

    def test_a_time_of_most_texts_is_not_cut(self):
        plan = plan_folds(different(9), labelled(*"ababababa"), folds=2, times=np.array([1.0] * 7 + [2, 3]))
        assert [(len(fold.learn), len(fold.held)) for fold in plan.folds] == [(7, 1), (8, 1)]

    def test_what_recurs_later_is_not_learned_from(self):
        texts = [*different(8), "text 0"]
        plan = plan_folds(texts, labelled(*"abababab", "a"), folds=2, times=np.arange(9.0))
        assert [0 in fold.learn for fold in plan.folds] == [True, False]
        assert plan.notes == ("texts that a fold does not learn from, since near-copies are held out there: 1 in all",)

    def test_times_are_numbers_or_dates(self):
        assert times_of([3, "1.5", 2.0]).tolist() == [3, 1.5, 2]
        assert times_of(["1970-01-02", date(1970, 1, 1), "1970-01-01T01:00", "1970-01-01T01:00+01:00"]).tolist() == [
            *(86400, 0, 3600, 0)
        ]
        assert times_of(np.array(["2024-05-31", "2024-06-01"], "datetime64[ns]")).tolist() == [1717113600, 1717200000]

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ([1, "soon"], "number 1 .from 0.: 'soon' is no time; needed is a number, as the first one is"),
            (["2024-05-31", 5], "'5' is no time; needed is a date like"),
            (["2024-05-31", None], "'' is no time"),
            ([1.0, "nan"], "'nan' is no time"),
        ],
        ids=str,
    )
    def test_anything_else_is_named(self, values, message):
        with pytest.raises(DataError, match=message):
            times_of(values)
        with pytest.raises(DataError, match=r"a\.csv:3: "):
            times_of(values, ["a.csv:2", "a.csv:3"])
