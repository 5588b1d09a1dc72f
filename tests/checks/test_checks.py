"""The checks: a sound run passes, and each fault of runs that were broken on purpose is named."""

import json
import random
import re
from functools import partial

import numpy as np
import pytest
from checking import corpus, run_checks
from examples import write_csv
from messages import OPTIONS, SMALL, messages
from program import changed

from textcnn.checks import Check, Verdict, data, language, leakage, learning, overlap, sanity
from textcnn.checks.filter_health import filter_checks
from textcnn.checks.label_errors import find_suspects, label_errors
from textcnn.checks.small_runs import FOLDS, deal, take
from textcnn.checks.suite import CheckInput, CheckSuite
from textcnn.checks.verdict import grade
from textcnn.estimator import TextCNNClassifier
from textcnn.model.predictor import Predictor
from textcnn.text.near_copies import near_copies


@pytest.fixture(scope="module")
def sound():
    return run_checks(corpus(*messages()), {**SMALL, "linear": "on"})


class TestCheckSuite:
    def test_a_sound_run_has_no_errors(self, sound):
        assert {check.name for check in sound.values() if check.verdict is Verdict.error} == set()
        assert len(sound) >= 23 and all(check.figure for check in sound.values())
        assert all(bool(check.advice) == (check.verdict is not Verdict.ok) for check in sound.values())

    def test_the_learning_curve_names_its_numbers_of_texts(self, sound):
        """A tenth of 80 texts would be less than ten."""
        assert re.search("with 10, .* with 24, .* with 80", sound["more texts"].figure)

    @pytest.mark.slow
    def test_labels_per_text_decides_the_loss_at_the_start(self):
        for kind, alike in (("one", True), ("several", False)):
            values = {**SMALL, "epochs": 1, "labels_per_text": kind}
            found = run_checks(corpus(*messages(20, 20)), values, until="loss at start")["loss at start"]
            assert ("any label alike ln 2" in found.figure) is alike

    def test_a_learning_rate_of_100_is_an_error(self):
        found = run_checks(corpus(*messages()), {**SMALL, "learning_rate": 100.0}, until="learning rate")[
            "learning rate"
        ]
        assert found.verdict is Verdict.error
        assert "diverged" in found.figure and "learning rate of 100 is too large" in found.advice

    def test_shuffled_labels_do_not_beat_guessing(self):
        texts, labels = messages()
        random.Random(3).shuffle(labels)
        found = run_checks(corpus(texts, labels), until="label errors")
        beats = found["beats guessing"]
        assert beats.verdict is Verdict.error and "shuffled" in beats.advice and "standard errors" in beats.figure
        assert found["label errors"][1:3] == (Verdict.warning, "not looked for")

    def test_a_class_of_one_percent_is_an_error(self):
        found = run_checks(corpus(*messages(ham=198, spam=2)), data_only=True)
        assert found["balance"].verdict is Verdict.error
        assert "'spam', has 2 texts (1.0%)" in found["balance"].figure

    def test_test_texts_that_were_trained_on_are_counted_and_their_file_is_named(self):
        texts, labels = messages()
        other = corpus(["a new text", *(text.upper() for text in texts[:20])], ["ham"] * 21)
        other = other._replace(sources=["new.csv"] * 21)
        found = run_checks(corpus(texts, labels), against=other, data_only=True)["both files"]
        assert found.verdict is Verdict.error and "of 21 texts of the other file 20 are the same" in found.figure
        assert found.advice.endswith(
            "remove them from one side: t.csv:2 and new.csv:3, t.csv:3 and new.csv:4, t.csv:4 and new.csv:5 ..."
        )

    @pytest.mark.slow
    def test_filters_frozen_at_zero_are_dead(self, monkeypatch):
        from textcnn.training.network import model

        monkeypatch.setattr(model, "_filters", lambda bank, size, generator: model.torch.zeros(bank.slices, size))
        found = run_checks(corpus(*messages()), until="features")
        for name in ("dead filters", "features", "learns a few"):
            assert found[name].verdict is Verdict.error, name
        assert "100% of 16 respond to no text" in found["dead filters"].figure

    def test_too_few_texts_are_not_trained_on(self):
        found = run_checks(corpus(["a", "b"] * 3, ["x", "y"] * 3))
        assert found["training"].verdict is Verdict.warning and "beats guessing" not in found

    @pytest.mark.slow
    def test_a_label_with_one_text_stops_nothing(self):
        found = run_checks(corpus(*messages(ham=14, spam=1)), {**SMALL, "epochs": 1})
        assert found["balance"].verdict is not Verdict.ok and "cost" in found

    def test_multi_label_texts_beat_guessing_in_log_loss(self):
        colours = ["red", "blue", "green"]
        labels = [tuple(colour for bit, colour in enumerate(colours) if place >> bit & 1) for place in range(8)] * 12
        texts = [f"{' and '.join(own)} thing number {place}" for place, own in enumerate(labels)]
        found = run_checks(corpus(texts, labels), {**SMALL, "epochs": 12}, until="beats guessing")
        assert found["beats guessing"].verdict is Verdict.ok and "log loss" in found["beats guessing"].figure

    def test_large_data_are_sampled_with_every_label(self):
        texts, labels = [f"text {n} of many" for n in range(5000)], ["a"] * 4998 + ["b"] * 2
        sample = take(corpus(texts, labels), np.random.default_rng(0))
        assert len(sample.texts) == 3000 and sample.classes == ("a", "b")

    def test_every_label_has_its_share_of_the_sample(self):
        labels = [f"label {number % 150}" for number in range(15_000)]
        sample = take(corpus([f"text {n} of many" for n in range(15_000)], labels), np.random.default_rng(0))
        assert sample.targets.sum(axis=0).tolist() == [20] * 150

    def test_texts_without_words_are_not_trained_on(self):
        """A text of invisible characters alone is not blank, yet a network sees nothing of it."""
        texts, labels = messages(20, 20)
        suite = CheckSuite(
            CheckInput(corpus([*texts, *["\u200b", "\ufeff "] * 10], [*labels, *["ham", "spam"] * 10]), SMALL)
        )
        assert suite.sample.texts == texts
        assert sanity.learns_a_few(suite.sample, SMALL, np.random.default_rng(0)).verdict is Verdict.ok

    def test_no_text_is_in_two_folds(self):
        texts, labels = messages()
        sample = take(corpus(texts + [text.upper() for text in texts], labels * 2), np.random.default_rng(0))
        folds = deal(sample, np.random.default_rng(0))
        home = {}
        assert all(home.setdefault(text.lower(), fold) == fold for text, fold in zip(sample.texts, folds, strict=True))
        shares = [sample.targets[folds == fold].mean(axis=0) for fold in range(FOLDS)]
        np.testing.assert_allclose(shares, 0.5, atol=0.05)


class TestData:
    def test_copies_and_contradictions_are_told_with_their_lines(self):
        texts = ["Call me", "call  ME", "other", "call me", ""]
        found = data.copies(corpus(texts, "abaab"))
        assert found.figure == "copies of others: 2 of 5 texts" and "lines 3, 5" in found.advice
        found = data.contradictions(corpus(texts, "abaab"))
        assert found.verdict is Verdict.error and "'a', 'b'" in found.advice
        assert data.contradictions(corpus(texts, "aaaab")).verdict is Verdict.ok

    def test_empty_and_very_long_texts_are_told_with_their_lines(self):
        texts = ["fine words"] * 10 + [" ", "\u200b", "long " * 900]
        found = data.empty(corpus(texts, "a" * 13))
        assert found.figure == "2 of 13" and found.advice.startswith("remove them")
        assert "right column" in data.empty(corpus(texts[8:], "aaaaa")).advice  # where many are empty
        assert "single texts? line 14" in data.lengths(corpus(texts, "a" * 13), 20_000).advice
        assert "longer than --max-words 100" in data.lengths(corpus(texts, "a" * 13), 100).advice
        chinese = data.lengths(corpus(["这个地方很好"] * 3, "aaa"), 5)  # no blanks, six words
        assert chinese.figure == "median 6 words, from 6 to 6" and "longer than --max-words 5" in chinese.advice

    def test_class_weights_make_imbalance_a_warning(self):
        texts, labels = ["x"] * 2000, ["a"] * 1980 + ["b"] * 20
        assert data.balance(corpus(texts, labels), "none").verdict is Verdict.error
        assert data.balance(corpus(texts, labels), "balanced").verdict is Verdict.warning
        assert data.balance(corpus(texts, ["a", "b"] * 1000), "none").verdict is Verdict.ok

    def test_nobody_is_told_to_balance_what_is_balanced(self):
        texts, labels = [f"text {number}" for number in range(2000)], ["a"] * 1980 + ["b"] * 20
        assert "--class-weight" in data.balance(corpus(texts, labels), "none").advice
        assert data.balance(corpus(texts, labels), "balanced").advice == "find more texts of it"
        weighted = corpus(texts, labels)._replace(weights=[1.0] * 1980 + [99.0] * 20)
        assert data.balance(weighted, "none").advice == "find more texts of it"
        recall, counts = {"a": 1.0, "b": 0.0}, {"a": 90, "b": 10}
        for weights, advised in (("none", True), ("balanced", False)):
            lost = learning.swallowed(recall, counts, 0.1, multi_label=False, class_weight=weights)
            assert ("--class-weight" in lost.advice) is advised and "more texts" in lost.advice

    def test_texts_that_differ_in_numbers_only_count_as_near_copies(self):
        texts = [f"your code for the bank is {n}" for n in range(40)]
        found = overlap.split(corpus(texts, "ab" * 20), [3, 4], near_copies(texts))
        assert found.verdict is Verdict.warning
        assert "2 held-out texts 0 are the same, 2 are near-copies" in found.figure

    def test_near_copies_are_told_in_pairs_and_copies_are_not_counted(self):
        texts, labels = messages(30, 30)
        spoilt = [*texts, f"Hello! {texts[0]}", texts[1], f"{texts[2]}!!", texts[3].upper() + "?"]
        found = run_checks(corpus(spoilt, [*labels, "ham", "ham", "ham", "spam"]), data_only=True)["near-copies"]
        assert found.figure == "near-copies of others: 3 of 64 texts, 1 of them with different labels"
        assert found.verdict is Verdict.warning
        assert found.advice.startswith("is one of the labels wrong? lines 5 and 65; on both sides of a split")
        assert found.advice.endswith("lines 2 and 62, 4 and 64")
        assert run_checks(corpus(texts, labels), data_only=True)["near-copies"].verdict is Verdict.ok

    def test_near_copies_in_the_other_file_are_told_with_their_labels(self):
        texts, labels = messages(30, 30)
        other = corpus(
            [*(f"Dear all, {text}" for text in texts[:3]), "quite another text"], ["ham", "spam", "ham", "ham"]
        )
        found = overlap.against(corpus(texts, labels), other._replace(sources=["new.csv"] * 4))
        assert found.figure == (
            "of 4 texts of the other file 0 are the same, 3 are near-copies; 1 of these have another label there"
        )
        assert found.advice.endswith(": t.csv:3 and new.csv:3, t.csv:2 and new.csv:2, t.csv:4 and new.csv:4")

    def test_texts_in_a_second_language_are_a_warning(self):
        english = "this is a rather long sentence about the weather in the north of the country today"
        german = "dies ist ein recht langer Satz über das Wetter im Norden des Landes am heutigen Tage"
        found = language.languages(corpus([english] * 15 + [german] * 5, "a" * 20))
        assert found.verdict is Verdict.warning and "en 75.0%, de 25.0%" in found.figure and "lines 17" in found.advice
        assert language.languages(corpus(["ok"], "a")).verdict is Verdict.ok

    def test_lost_and_garbled_characters_are_counted(self):
        found = language.encodings(corpus(["schÃ¶n", "don\ufffdt", "schön", "fine"], "aaaa"))
        assert found.figure == "1 texts with lost characters (U+FFFD), 1 that look garbled"
        assert language.encodings(corpus(["schön", "naïve", "很好"], "aaa")).verdict is Verdict.ok

    def test_a_column_that_tells_the_label_is_named(self):
        texts, labels = messages(30, 30)
        fields = [(("id", str(n)), ("folder", label.upper()), ("day", n % 7)) for n, label in enumerate(labels)]
        found = leakage.columns(corpus(texts, labels, fields))
        assert found.verdict is Verdict.warning and found.figure == "1 of 3 other columns tell the label"
        assert "'folder' tells it for 100.0%" in found.advice

    def test_a_word_that_tells_the_label_is_named(self):
        texts, labels = messages(30, 30)
        marked = [text + (" [bulk]" if label == "spam" else "") for text, label in zip(texts, labels, strict=True)]
        assert leakage.words(corpus(texts, labels)).verdict is Verdict.ok
        found = leakage.words(corpus(marked, labels))
        assert found.verdict is Verdict.error and "'bulk' of 'spam'" in found.advice


class TestTraining:
    def test_the_loss_at_the_start_is_that_of_guessing_by_frequency(self):
        even = np.array([0.25] * 4)
        assert learning.entropy(even, multi_label=False) == pytest.approx(np.log(4))
        assert learning.entropy(np.array([0.5, 0.5]), multi_label=True) == pytest.approx(np.log(2))
        for loss, verdict in ((1.4, "ok"), (3.0, "warning"), (50.0, "error"), (float("nan"), "error")):
            known = learning.Frequencies(even, even, np.ones(4))
            found = learning.start_loss({"start_loss": loss}, known, multi_label=False)
            assert found.verdict.value == verdict

    def test_with_weights_it_is_that_of_guessing_by_weighted_frequency(self):
        """Of nine a and one b, b of weight 3, guessing costs H(1/4); of multi-label texts each label's is weighted."""
        targets = np.eye(2, dtype=bool)[[0] * 9 + [1]]
        known = learning.Frequencies.of(targets, "b=3", ["a", "b"], multi_label=False)
        assert known.shares == pytest.approx([0.75, 0.25]) and known.weighted
        expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
        found = learning.start_loss({"start_loss": expected}, known, multi_label=False)
        assert f"{expected:.3f}; who guesses by the weighted frequency of the labels has {expected:.3f}" in found.figure
        several = learning.Frequencies.of(targets, "b=3", ["a", "b"], multi_label=True)
        of_one = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
        loss = learning.entropy(several.shares, multi_label=True, of_classes=several.of_classes)
        assert loss == pytest.approx(2 * of_one)
        even = learning.Frequencies.of(targets, "none", ["a", "b"], np.array([5 / 9] * 9 + [5.0]), multi_label=False)
        assert even.shares == pytest.approx([0.5, 0.5])
        assert not learning.Frequencies.of(targets, "none", ["a", "b"], multi_label=False).weighted

    def test_with_weights_a_guess_is_beaten_by_what_counts(self):
        """Who finds all rare texts and errs about some frequent ones is not told that the texts say nothing."""
        rare = np.random.default_rng(0).random(400) < 0.05
        texts = corpus([f"t{number}" for number in range(400)], ["b" if each else "a" for each in rare])
        sample = take(texts, np.random.default_rng(0))
        said = np.where(sample.targets[:, 1:], [[0.2, 0.8]], [[0.65, 0.35]])
        said[::7] = [0.4, 0.6]
        for weights, verdict in (("none", Verdict.error), ("balanced", Verdict.ok)):
            known = learning.Frequencies.of(sample.targets, weights, sample.classes, multi_label=False)
            assert learning.beats_guessing(sample, said.astype(np.float32), known).verdict is verdict

    def test_a_class_that_swallows_the_others_is_an_error(self):
        counts = {"a": 90, "b": 10, "rare": 2}
        judged = partial(learning.swallowed, counts=counts, loss=0.1, multi_label=False)
        lost = judged({"a": 1.0, "b": 0.0, "rare": 0.0})
        assert lost.verdict is Verdict.error and "'b'" in lost.advice and "rare" not in lost.advice
        assert judged({"a": 1.0, "b": 0.9, "rare": 0.0}).verdict is Verdict.ok

    @pytest.mark.parametrize(
        ("counts", "class_weight", "advised"),
        [((90, 10), "none", True), ((50, 50), "none", False), ((90, 10), "balanced", False)],
    )
    def test_weights_are_advised_for_rare_labels_that_have_none(self, counts, class_weight, advised):
        recall, counts = {"a": 0.9, "b": 0.1}, dict(zip("ab", counts, strict=True))
        lost = learning.swallowed(recall, counts, 0.1, multi_label=False, class_weight=class_weight)
        assert lost.verdict is Verdict.warning and "instead of 'b': more texts of them" in lost.advice
        assert ("--class-weight balanced" in lost.advice) is advised

    @pytest.mark.parametrize(
        ("own", "unseen", "losses", "advice"),
        [
            (0.99, 0.95, [0.5, 0.3], ""),
            (1.0, 0.6, [0.5, 0.3], "over-fitting"),
            (0.98, 0.9, [0.5, 0.3, 0.7], "over-fitting"),
            (0.6, 0.58, [0.9, 0.8], "under-fitting"),
        ],
    )
    def test_overfitting_and_underfitting_are_told_apart(self, own, unseen, losses, advice):
        assert learning.fits(learning.Fit(own, unseen, losses, 10, 10)).advice.startswith(advice)

    def test_a_few_texts_are_learned_by_heart_even_if_nothing_can_be_learned_from_them(self):
        """Labels by chance, on words that are there once: no other text tells them."""
        texts = [f"{chr(97 + place // 26)}{chr(97 + place % 26)}x" for place in range(60)]
        sample = take(corpus(texts, random.Random(0).choices("ab", k=60)), np.random.default_rng(0))
        found = sanity.learns_a_few(sample, {**SMALL, "min_count": 2}, np.random.default_rng(0))
        assert found.verdict is Verdict.ok and found.figure.startswith("48 texts, 100.0% right after epoch")

    def test_a_network_that_learns_too_slowly_is_named(self):
        sample = take(corpus(*messages()), np.random.default_rng(0))
        slow = {**SMALL, "learning_rate": 1e-9, "vector_learning_rate": 1e-9}
        found = sanity.learns_a_few(sample, slow, np.random.default_rng(0))
        assert found.verdict is Verdict.error and "the network does not learn" in found.advice

    @pytest.mark.parametrize(
        ("last", "available", "verdict", "said"),
        [
            (0.84, 2000, "warning", "from 600 to 2,000 the mistakes fell by 20%"),
            (0.84, 6000, "warning", "would help"),
            (0.84, 7000, "ok", "more of them help, and there are 7,000 to learn from"),  # 2,000 is as far from 600
            (0.81, 2000, "ok", "81.0% with 2,000"),
        ],
    )
    def test_a_learning_curve_tells_of_texts_that_are_not_there_yet(self, last, available, verdict, said):
        found = sanity.curve([200, 600, 2000], [0.7, 0.8, last], 1000, available)
        assert found.verdict.value == verdict and said in found.figure + found.advice

    def test_leaks_are_named(self, monkeypatch):
        """Where answers leak, shuffled labels are told all the same."""

        class Leaking:
            def __init__(self, targets, unseen):
                self.probabilities = np.where(targets[unseen], 0.9, 0.1).astype(np.float32)

        monkeypatch.setattr(sanity, "train_small", lambda s, learned, unseen, v, targets, few: Leaking(targets, unseen))
        sample = take(corpus(*messages()), np.random.default_rng(0))
        found = sanity.shuffled(sample, deal(sample, np.random.default_rng(0)), SMALL, np.random.default_rng(0))
        assert found.verdict is Verdict.error and "leaks" in found.advice

    @pytest.mark.parametrize("pooling", ["max", "kmax", "mean", "max+mean"])
    def test_gradients_of_every_pooling_agree_with_numerical_ones(self, pooling):
        sample = take(corpus(*messages(4, 4)), np.random.default_rng(0))
        found = sanity.gradients(sample, {**SMALL, "pooling": pooling})
        assert found.verdict is Verdict.ok, found.figure

    def test_wrong_gradients_are_named(self, monkeypatch):
        from textcnn.training.network import gradient_check

        right = gradient_check.pool
        monkeypatch.setattr(
            gradient_check, "pool", lambda *given: right(given[0] + 0.5 * given[0].detach(), *given[1:])
        )
        sample = take(corpus(*messages(4, 4)), np.random.default_rng(0))
        assert sanity.gradients(sample, {**SMALL, "pooling": "mean"}).verdict is Verdict.error

    def test_filters_that_copy_each_other_are_an_error(self):
        texts, labels = messages(20, 20)
        model = TextCNNClassifier(**{**SMALL, "epochs": 2}).fit(texts, labels).model_
        network = model.members[0].network
        network.filters[0][:] = network.filters[0][0]
        found = {check.name: check for check in filter_checks(Predictor(model), texts)}
        assert found["duplicate filters"].verdict is Verdict.error


class TestLabelErrors:
    def test_labels_that_were_changed_are_found(self):
        """Northcutt's rule on answers of a good model, with two labels swapped."""
        truth = np.array([0, 1] * 20)
        given = truth.copy()
        given[[4, 7]] = 1 - given[[4, 7]]
        likely = np.full((40, 2), 0.1, np.float32)
        likely[np.arange(40), truth] = 0.9
        found = find_suspects(np.eye(2, dtype=bool)[given], likely, multi_label=False)
        assert sorted(found[:, 0].tolist()) == [4, 7]
        assert [tuple(row) for row in found[:, 1:].tolist()] == [(1 - truth[n], truth[n]) for n in found[:, 0]]

    def test_no_text_reads_like_a_label_that_one_other_text_has(self):
        """Nobody who has not seen that text knows the label; what is said of it, .01, is no measure for others."""
        targets = np.eye(3, dtype=bool)[[0, 1] * 10 + [2]]
        likely = np.where(targets, 0.5, np.array([0.4, 0.4, 0.02])).astype(np.float32)
        likely[-1] = 0.5, 0.49, 0.01
        assert not (find_suspects(targets, likely, multi_label=False)[:, 2] == 2).any()

    def test_a_superfluous_label_of_several_is_found(self):
        targets = np.zeros((30, 2), bool)
        targets[:10, 0] = targets[5:20, 1] = True
        likely = np.where(targets, 0.9, 0.05).astype(np.float32)
        targets[25, 0] = True
        assert find_suspects(targets, likely, multi_label=True).tolist() == [[25, 0, -1]]

    @pytest.mark.parametrize(("missed", "doubted"), [(0.13, 2), (0.58, 0)])
    def test_a_network_that_errs_on_half_of_the_texts_doubts_no_label(self, missed, doubted):
        """The figure says how often the network itself is wrong."""
        texts, labels = messages(20, 20)
        data = corpus(texts, labels)
        targets = np.array([[label == "ham", label == "spam"] for label in labels])
        likely = np.where(targets, 0.9, 0.1).astype(np.float32)
        likely[[4, 30]] = likely[[4, 30], ::-1]
        check, suspects = label_errors(data, ("ham", "spam"), targets, likely, missed)
        assert len(suspects) == doubted and f"itself is wrong on {missed:.0%}" in check.figure
        assert check.verdict is (Verdict.warning if doubted else Verdict.ok)
        assert check.figure.startswith("cannot tell") is (not doubted)

    def test_the_likeliest_label_errors_are_listed(self, textcnn, folder):
        texts, labels = messages()
        for number in (3, 7, 11):
            labels[number] = "spam"
        write_csv(folder / "t.csv", zip(labels, texts, strict=True))
        found = json.loads(
            textcnn("check", "t.csv", "--label-errors=3", "--format=json", *changed(OPTIONS, "--linear=on")).out
        )
        first = found["label_errors"][0]
        assert first["line"] in (5, 9, 13) and (first["label"], first["likelier"]) == ("spam", "ham")
        assert first["text"] == texts[first["line"] - 2] and first["source"] == "t.csv"
        assert found["texts"] == found["trained_on"] == 120


def test_grades_and_fields_of_a_check():
    assert Check._fields == ("name", "verdict", "figure", "advice")
    assert [grade(value, warning=1, error=2).value for value in (0, 1, 2, float("nan"))] == [
        "ok",
        "warning",
        "error",
        "error",
    ]
