"""The scripts that train the sentence encoder: what they read, what they leave out, and what they make of it."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from program import script

from textcnn.encoder import ENCODER
from textcnn.text.ragged import Ragged
from textcnn.vectors.table import EMBEDDED, VectorTable

BUILD = script("build_encoder")
VERDICT = script("verdict")
RATINGS = script("ratings")
QUIZ = script("quiz")
READOUT = script("readout")
SENTENCES = script("sentences")


def zipped(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def tarred(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


def test_pros_are_good_and_cons_are_bad() -> None:
    data = zipped(
        {"a/IntegratedPros.txt": "<Pros>light &amp; small</Pros>", "a/IntegratedCons.txt": "<Cons>dear</Cons>"}
    )
    assert list(RATINGS.pros_and_cons("a.zip", data)) == [("light & small", 1.0), ("dear", 0.0)]


def test_ratings_from_minus_four_to_four_become_shares() -> None:
    rows = {"tweets": "1\t2\tGreat day", "nytEditorialSnippets": "1_1\t-4\tA disaster"}
    data = tarred({f"hutto_ICWSM_2014/{kind}_GroundTruth.txt": row for kind, row in rows.items()})
    assert list(RATINGS.rated_snippets("a.tar.gz", data)) == [("Great day", 0.75), ("A disaster", 0.0)]


def test_sentences_with_their_scores() -> None:
    assert list(RATINGS.scored_sentences("a.csv", b'"","Review","Score"\n"1","Dull, dull",0\n')) == [
        ("Dull, dull", 0.0)
    ]
    lines = b"I like it.\t1\nno score here\n"
    assert list(RATINGS.scored_sentences("a.txt", lines)) == [("I like it.", 1.0)]


def test_stars_of_medicines() -> None:
    data = b"\trating\tbenefitsReview\tcommentsReview\n1\t10\thelped\tno pain\n2\t1\t\tuseless\n"
    assert list(RATINGS.drugs("a.tsv", data)) == [("no pain", 1.0), ("helped", 1.0), ("useless", 0.0), ("", 0.15)]


def test_texts_come_in_sentences_and_lose_none() -> None:
    text = " ".join(f"Sentence {number} ends." for number in range(200))
    cut = list(SENTENCES.cut(text, random.Random(0)))
    assert " ".join(cut) == text
    assert {one.count("ends.") for one in cut} == {1, 2, 3}
    assert [len(one.split()) for one in SENTENCES.cut("word " * 100, random.Random(0))] == [48, 52]


@pytest.mark.parametrize(
    "path", ["datasets/irony/test_text.txt", "data/20news-bydate-test/a/1", "banking_data/test.csv"]
)
def test_parts_for_testing_are_not_opened(path: str) -> None:
    assert SENTENCES._TEST.search(path)
    assert not SENTENCES._TEST.search(path.replace("test", "train"))


def test_a_sentence_is_judged_by_the_others_of_its_review() -> None:
    """Two reviews of four sentences; the last one of the good review sounds bad, and the other way round."""
    verdicts = np.array([4, 4, 4, -2, -4, -4, -4, 2], np.float32)
    chosen, goodness = VERDICT.by_company(verdicts, verdicts / 2, np.repeat([0, 1], 4), np.full(8, 5))
    assert chosen.tolist() == [3, 7]  # the others have an odd one among their company, so they are less certain
    np.testing.assert_allclose(goodness, 1 / (1 + np.exp([-1.2 + 1.0, 1.2 - 1.0])))
    alone = VERDICT.by_company(verdicts, verdicts, np.arange(8), np.full(8, 5))[0]
    assert alone.tolist() == []  # reviews of one sentence


def test_the_direction_from_bad_to_good_says_it_of_others() -> None:
    """Vectors of 20 numbers, of which the first is how good; what stands in the middle teaches nothing."""
    draw = np.random.default_rng(0)
    goodness = np.repeat([1.0, 0.0, 0.5], 200)
    rated, others = draw.normal(size=(2, 600, 20)).astype(np.float32)
    rated[:, 0] += 4 * (goodness - 0.5)
    others[:, 0] += np.repeat([-3, 3], 300)
    odds = VERDICT.direction_odds(VERDICT.Said([("", one) for one in goodness], rated, others))
    assert np.mean(odds[:300] < 0) > 0.9
    assert np.mean(odds[300:] > 0) > 0.9
    assert np.abs(odds).mean() > 2  # held back, but said as surely as it is right


def test_of_rated_texts_short_clear_ones_are_read_first() -> None:
    ratings = [("so so", 0.5), ("very good " * 20, 1.0), ("good", 1.0), ("bad " * 50, 0.0)]
    assert VERDICT.read_of_ratings(ratings) == [ratings[2], ratings[0], ratings[1]]


def test_further_sentences_are_questions_and_some_of_the_others() -> None:
    sentences = [f"Is this number {number}?" for number in range(50)]
    sentences += [f"No, it is {number}." for number in range(400)]
    further = SENTENCES._further({"quiz": ["Name a river"], "chat": sentences}, random.Random(0))
    assert {"Name a river", *sentences[:50]} <= set(further)
    assert 50 + 70 < len(further) < 50 + 140


def test_questions_of_a_quiz_come_with_all_answers_to_choose_from() -> None:
    text = (
        "#Q Who wrote  it?\n^ Ann\nA Bob\nB Ann\n\n#Q Is it old?\n^ Yes\nA No\nB Yes\n\n#Q One,\ntwo?\n^ 3\nA 3\nB 4\n"
    )
    expected = [QUIZ.Asked("Who wrote it?", "Bob , Ann"), QUIZ.Asked("One, two?", "3 , 4")]
    assert list(QUIZ.entries(text)) == expected
    assert list(QUIZ.entries(text.replace("\n", "\r\n"))) == expected


def test_what_is_asked_for_is_near_for_questions_with_like_answers() -> None:
    answers = ("Paris , London", "Berlin , Rome", "1914 , 1918", "1939 , 1945")
    asked = [QUIZ.Asked("", one) for one in answers]
    likeness = (lambda rows: rows @ rows.T)(QUIZ.asked_for(VectorTable.open(EMBEDDED), asked))
    np.testing.assert_allclose(np.diag(likeness), 1, rtol=1e-5)
    assert likeness[0, 1] > 0 > likeness[0, 2]
    assert likeness[2, 3] > 0 > likeness[1, 3]


def test_what_words_mean_is_asked_of_a_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of names; and no question that must not be read."""
    nouns = (
        "  1 This software and database is being provided to you\n"
        '00001740 03 n 02 tea 0 brew 0 001 @ 00001 n 0000 | a drink of leaves; "a cup of tea"\n'
        "00001741 03 n 01 ice_cream 0 001 @ 00001 n 0000 | frozen cream\n"
        "00001742 15 n 01 Rome 0 001 @i 00001 n 0000 | capital of Italy\n"
        "00001743 03 n 01 secret 0 001 @ 00001 n 0000 | not to be read\n"
    )
    monkeypatch.setattr(QUIZ, "package_files", lambda file, pattern: [nouns.encode()])
    excluded = QUIZ.Excluded(None)
    monkeypatch.setattr(excluded, "touches", lambda text: "secret" in text)
    answers = {asked.answers: asked.question for asked in QUIZ.meanings(tmp_path, excluded)}
    assert set(answers) == {"a drink of leaves", "frozen cream"}
    assert "tea" in answers["a drink of leaves"] and "ice cream" in answers["frozen cream"]


def test_answers_of_five_words_describe() -> None:
    answers = ("Paris , a city in Italy", "a drink of hot leaves", "a big man with a hat , Ann")
    asked = [QUIZ.Asked("", one) for one in answers]
    np.testing.assert_allclose(QUIZ.describing(asked)[:, 0], [-(1.5**0.5), 1.5**0.5, 0], atol=1e-6)


def test_what_a_question_asks_for_is_told_by_fewer_numbers_than_say_it() -> None:
    """Of 70 numbers the answers, of 80, follow three; what is told is four fifths as long, and says no more."""
    draw = np.random.default_rng(0)
    said = draw.normal(1, 2, size=(500, 70)).astype(np.float32)
    wanted = said[:, :3] @ draw.normal(size=(3, 80))
    weights, bias = QUIZ.asking(said, wanted)
    assert weights.shape == (64, 70) and bias.shape == (64,)
    told = said @ weights.T + bias
    np.testing.assert_allclose(told.mean(axis=0), 0, atol=1e-3)
    length = 0.8**2 * np.square(said - said.mean(axis=0)).sum()
    assert np.square(told).sum() == pytest.approx(length, rel=1e-3)
    assert np.square(told[:, :3]).sum() == pytest.approx(length, rel=1e-3)
    assert np.abs(weights[:, 3:]).max() < 0.01 * np.abs(weights).max()


def test_means_of_words() -> None:
    ragged = Ragged(np.array([0, 1, 1], np.int32), np.array([0, 3, 3]))
    vectors = np.array([[3, 0], [0, 6]], np.float32)
    np.testing.assert_allclose(READOUT.means_of_words(vectors, ragged), [[1, 4], [0, 0]])


def test_what_features_say_of_vectors_is_found_in_groups() -> None:
    """Ridge regression with an intercept, which is hardly held back where there are many sentences."""
    draw = np.random.default_rng(0)
    features = draw.normal(3, 2, size=(20_000, 6)).astype(np.float32)
    weights = draw.normal(size=(6, 3))
    vectors = (features @ weights + 5).astype(np.float16)
    scale = BUILD.Scale.of(features)
    groups = zip(np.array_split(features, 3), np.array_split(vectors, 3), strict=True)
    found = BUILD.told(scale, groups)
    np.testing.assert_allclose(found, weights * scale.deviation[:, None] / 1.15, rtol=0.02, atol=0.02)


def test_the_readout_is_centred_of_unit_size_and_ends_with_the_verdict() -> None:
    draw = np.random.default_rng(0)
    features = draw.normal(3, 2, size=(2000, 500)).astype(np.float32)
    verdict = np.eye(500, dtype=np.float32)[4]
    view = BUILD.View(draw.normal(size=(500, 200)).astype(np.float32), 1.0)
    weights, bias = BUILD.readout(features, np.arange(500) < 400, [view], verdict, -3.0)
    vectors = features @ weights.T + bias
    assert vectors.shape == (2000, 385)
    np.testing.assert_allclose(vectors[:, :-1].mean(axis=0), 0, atol=1e-3)
    assert (vectors[:, :-1] ** 2).sum(axis=1).mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(vectors[:, -1], 0.3 * (features[:, 4] - 3) / features[:, 4].std(), atol=1e-3)


def test_an_encoder_is_taught_whether_answers_describe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[NDArray[np.float64]] = []
    asked = [QUIZ.Asked("Who was it?", "Ann"), QUIZ.Asked("What is tea?", "a drink of hot leaves")]
    monkeypatch.setattr(QUIZ, "asking", lambda said, wanted: given.append(wanted) or (said, said))
    monkeypatch.setattr(QUIZ, "write_asked", lambda *_: None)
    table = VectorTable.open(EMBEDDED)
    QUIZ.teach_asking(ENCODER, table, asked)
    np.testing.assert_allclose(given[0][:, -1], [-0.2, 0.2], rtol=1e-5)
    np.testing.assert_array_equal(given[0][:, :-1], QUIZ.asked_for(table, asked))
