"""The scripts that train the sentence encoder: what they read, what they leave out, and what they make of it."""

import io
import random
import tarfile
import zipfile

import numpy as np
import pytest
from program import script

BUILD = script("build_encoder")
RATINGS = script("ratings")
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
    chosen, goodness = BUILD.by_company(verdicts, np.repeat([0, 1], 4), np.full(8, 5))
    assert chosen.tolist() == [3, 7]  # the others have an odd one among their company, so they are less certain
    np.testing.assert_allclose(goodness, 1 / (1 + np.exp([-1.2 + 1.0, 1.2 - 1.0])))
    assert BUILD.by_company(verdicts, np.arange(8), np.full(8, 5))[0].tolist() == []  # reviews of one sentence


def test_the_readout_is_centred_of_unit_size_and_ends_with_the_verdict() -> None:
    draw = np.random.default_rng(0)
    features = draw.normal(3, 2, size=(2000, 300)).astype(np.float32)
    taught, verdict = features[:, :7] @ draw.normal(size=(7, 5)), np.eye(300, dtype=np.float32)[4]
    weights, bias = BUILD.readout(features, taught.astype(np.float32), verdict, -3.0)
    vectors = features @ weights.T + bias
    assert vectors.shape == (2000, 257)
    np.testing.assert_allclose(vectors[:, :-1].mean(axis=0), 0, atol=1e-3)
    assert (vectors[:, :-1] ** 2).sum(axis=1).mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(vectors[:, -1], 0.3 * (features[:, 4] - 3) / features[:, 4].std(), atol=1e-3)
