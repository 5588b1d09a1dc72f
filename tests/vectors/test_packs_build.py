"""The script that builds packs: which passages it reads, and what it makes of what was said about words and pieces."""

import argparse
import gzip
import io
import struct
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from program import script

from textcnn import TextCNNClassifier, load
from textcnn.encoder import encoder_for
from textcnn.settings import Settings
from textcnn.text.tokens import cut
from textcnn.training.embeddings import segmenter_for
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.packs import pack, packs


@pytest.fixture(scope="module")
def build():
    """The script as a module."""
    return script("build_packs")


@pytest.fixture(scope="module")
def language_rows():
    """What makes the rows of a language."""
    return script("language_rows")


def test_passages_that_share_words_in_a_row_with_an_excluded_text_are_known(build, tmp_path):
    (tmp_path / "a.csv").write_text(
        "label,text\nx,eins zwei drei vier fünf sechs sieben acht\nx,kurz\n", encoding="utf-8"
    )
    forbidden = build.excluded(tmp_path, unspaced=False)
    assert build.runs("Und zwei, drei: vier fünf sechs sieben acht!", unspaced=False) & forbidden
    assert not build.runs("zwei drei vier fünf sechs sieben neun", unspaced=False) & forbidden
    assert (
        build.runs("Kurz.", unspaced=False) & forbidden and not build.runs("kurz und gut", unspaced=False) & forbidden
    )


def test_passages_with_words_that_are_new_come_first(build):
    texts = ["a b", "a b", "a b", "a c", "d"]
    assert build.new_words_first(texts, unspaced=False) == ["a b", "a b", "a b", "a c", "d"]
    assert build.new_words_first(["d", "a b", "c d"], unspaced=False) == ["a b", "c d", "d"]


def test_paragraphs_are_cut_into_sentences_by_words_or_by_characters(build):
    assert [len(one.split()) for one in build.passages("w " * 100, unspaced=False)] == [48, 48, 4]
    assert [len(one) for one in build.passages("東" * 130, unspaced=True)] == [120, 10]
    short, long = "w " * 19 + "w.", "w " * 29 + "w."
    assert list(build.passages(f"{short} {short} {long}", unspaced=False)) == [f"{short} {short}", long]
    assert list(build.passages("今天。明天。", unspaced=True)) == ["今天。明天。"]


def test_passages_are_of_the_script_of_their_language(build):
    assert build.of_language("Guten Tag!", "de") and not build.of_language("Добрый день", "de")
    assert build.of_language("Добрый день, Anna", "ru") and not build.of_language("print(x) print(y)", "ru")
    assert not build.of_language("12:30 - 14:00 (Mo)", "de") and not build.of_language("...", "de")


def test_passages_of_a_source_are_taken_until_there_are_enough_words(build):
    forbidden = build.runs("eins zwei", unspaced=False)
    found = ["eins zwei", "drei vier", "fünf sechs", "sieben acht"]
    assert build.enough(found, 3, forbidden, unspaced=False) == ["drei vier", "fünf sechs"]


def test_words_that_are_spelt_alike_are_one_word_whatever_their_points(language_rows, tmp_path):
    file = shard(tmp_path / "0.npz", np.random.default_rng(0), ["كِتاب", "كتاب"], ["▁كتاب"])
    found = language_rows.merged([file], "words")
    means = np.load(file)["words_means"].astype(np.float32)
    assert found.spellings == ["كتاب"] and found.counts.tolist() == [3]
    np.testing.assert_allclose(found.means, [(2 * means[0] + means[1]) / 3], rtol=1e-5)


def test_sources_say_which_languages_they_are_in(build):
    of = {code: [one.name for one in build.SOURCES if one.has(code)] for code in build.LANGUAGES}
    assert len(of) >= 30 and min(map(len, of.values())) >= 5
    assert [code for code in of if any("Naver" in name for name in of[code])] == ["ko"]
    assert [code for code in of if any("Wisesight" in name for name in of[code])] == ["th"]
    assert sum(any("LibreOffice" in name for name in names) for names in of.values()) == 20


def test_reviews_and_pages_become_paragraphs():
    languages = script("languages")
    reviews = b'[{"rating": "10", "review": "a"}, {"rating": "6", "review": "b"}, {"rating": 5, "review": "c"}]'
    assert list(languages.middling_reviews(reviews)) == ["b", "c"]
    page = b'<h1>No</h1><p class="paragraph">Save &amp; <b>close</b></p><p class="other">no</p>'
    assert list(languages.manual(page)) == ["Save & close"]
    prose = b"---\nx: y\n---\n# A *title*\n```\ncode\n```\n| one | [two](there) |"
    assert [text for text in languages.markdown(prose) if text] == ["A title", "one", "two"]
    assert languages.Manual.package(build_manual(languages), "pt").file.startswith("libreoffice-help-pt-br_4%3a7.4.7")


def build_manual(languages):
    """The one source that is packages."""
    return next(one for one in languages.SOURCES if isinstance(one, languages.Manual))


def shard(file, random, words, pieces):
    """What reading leaves: means of two layers of three numbers."""
    arrays = {"forms": np.array([word.title() for word in words])}
    for name, spelt in (("words", words), ("pieces", pieces)):
        arrays[name], arrays[f"{name}_counts"] = np.array(spelt), np.arange(len(spelt), 0, -1).astype(np.float32)
        arrays[f"{name}_means"] = random.normal(size=(len(spelt), 6)).astype(np.float16)
    np.savez(file, **arrays)
    return file


def test_a_lesson_is_what_was_said_of_the_passages_of_all_shards(tmp_path):
    shards, files = script("shards"), [tmp_path / "0.npz", tmp_path / "1.npz"]
    np.savez(files[0], passages=np.array(["eins", "zwei"]), said=np.eye(2, 3, dtype=np.float16))
    np.savez(files[1], passages=np.array(["drei"]), said=np.ones((1, 3), np.float16))
    np.savez(tmp_path / "old.npz", words=np.array(["eins"]))
    with pytest.raises(SystemExit, match=r"old\.npz .* read anew"):
        shards.lesson([tmp_path / "old.npz"])
    with pytest.raises(SystemExit, match="no shard"):
        shards.shards(tmp_path / "de", list, tmp_path, 2, cached=True)
    passages, vectors = shards.lesson(files)
    assert passages == ["eins", "zwei", "drei"] and vectors.tolist() == [[1, 0, 0], [0, 1, 0], [1, 1, 1]]


def test_means_over_shards_are_weighted_by_occurrences(language_rows, tmp_path):
    random = np.random.default_rng(0)
    files = [
        shard(tmp_path / "0.npz", random, ["haus", "und"], ["▁Haus"]),
        shard(tmp_path / "1.npz", random, ["und"], ["▁und"]),
    ]
    found = language_rows.merged(files, "words")
    one, other = (np.load(file)["words_means"].astype(np.float32) for file in files)
    assert found.spellings == ["haus", "und"] and found.counts.tolist() == [2, 2]
    np.testing.assert_allclose(found.means, [one[0], (one[1] + other[0]) / 2], rtol=1e-5)


class Cutter:
    """Words of the shard are cut after three letters."""

    def encode_batch(self, words, add_special_tokens):
        return [argparse.Namespace(tokens=[f"▁{word[:3]}", *filter(None, [word[3:]])]) for word in words]


def test_a_pack_has_words_and_pieces_and_is_found_once_it_is_installed(build, language_rows, tmp_path, monkeypatch):
    words = ["haus", "hausen", "und", "über"]
    files = [
        shard(tmp_path / "0.npz", np.random.default_rng(1), words, ["▁Hau", "s", "sen", "▁Und", "▁12", "▁Übe", "r"])
    ]
    rows = language_rows.language(files, Cutter())
    assert set(rows.names) == {*words, "hau", "##s", "##sen", "übe", "##r"} and rows.names[0] == "haus"
    rows = rows._replace(vectors=language_rows.rotated({"de": rows}, 4)["de"])
    assert rows.vectors.shape == (9, 4)
    install(build, build.tabled("de", rows), np.eye(4, dtype=np.float32), tmp_path, monkeypatch)
    assert pack("de") == tmp_path / "site" / "textcnn_vectors_de" / "table.vectors"
    opened = open_vectors("de", say=sys.exit)
    assert opened.table.facts["language"] == "de en" and opened.table.vocabulary.has_pieces
    assert encoder_for(opened.table) is not None
    pack("de").with_name(build.ENCODER).unlink()  # as in older packs
    assert encoder_for(opened.table) is None
    assert opened.table.find("Haussen").rows == (*4 * [rows.names.index("haus")], *3 * [rows.names.index("##sen")])


def install(build, table, readout, folder, monkeypatch, code="de"):
    """A pack, of German if no other language is named, on Python's path."""
    with zipfile.ZipFile(build.wheel(code, table, readout, folder, "0.1")) as archive:
        archive.extractall(folder / "site")
    monkeypatch.syspath_prepend(folder / "site")


def tabled(build, code, names, vectors):
    """A table of words that are all as frequent."""
    return build.tabled(code, build.Rows(names, np.ones(len(names)), vectors))


FOOD, CARS = ["Suppe", "Brot", "Fisch", "Wein", "Salat"], ["Motor", "Reifen", "Bremse", "Auto", "Garage"]


def food_and_cars(build):
    """A table in which food lies on the first axis and cars on the second, and its readout."""
    random, names = np.random.default_rng(0), [word.lower() for word in (*FOOD, *CARS)]
    vectors = np.repeat(np.eye(2, 4), 5, axis=0) + 0.05 * random.normal(size=(10, 4))
    return tabled(build, "de", names, vectors.astype(np.float32)), np.eye(2, 4, dtype=np.float32)


def test_frequent_english_words_are_in_every_pack(language_rows, monkeypatch):
    """A word of both is the pack's own; pieces are no words; they are put among its own as if they were rarer."""
    monkeypatch.setattr(language_rows, "ENGLISH", 4)
    german = language_rows.Rows(["die", "in", "selten"], np.array([0.5, 0.3, 0.001]), np.full((3, 2), 1.0, np.float32))
    english = language_rows.Rows(
        ["the", "in", "##s", "of", "rare"], np.array([0.4, 0.2, 0.1, 0.02, 0.01]), np.zeros((5, 2))
    )
    both = language_rows.with_english(german, english)
    assert both.names == ["die", "in", "the", "selten", "of"]
    np.testing.assert_allclose(both.shares, [0.5, 0.3, 0.02, 0.001, 0.001])
    assert both.vectors[:, 0].tolist() == [1, 1, 0, 1, 0]


def test_filters_of_several_packs_learn_from_the_passages_of_all(build, monkeypatch):
    """Of each passage it was said whether it is about food or cars; words of languages are not mixed up."""
    distillation = script("distillation")
    monkeypatch.setattr(distillation, "HELD_OUT", 20)
    monkeypatch.setattr(distillation, "AXES", 1)
    monkeypatch.setattr(distillation, "BATCH", 10)
    food_first, (names, draw) = food_and_cars(build)[0], ([*FOOD, *CARS], np.random.default_rng(0))
    cars_first = tabled(build, "fr", [word.lower() for word in (*CARS, *FOOD)], np.repeat(np.eye(2, 4), 5, axis=0))
    kinds = draw.integers(0, 2, (2, 300))
    passages = [[" ".join(draw.choice(names[5 * kind :][:5], 3)) for kind in of_one] for of_one in kinds]
    lessons = {
        code: distillation.Lesson(texts, np.eye(2, 3, dtype=np.float32)[of_one])
        for code, texts, of_one in zip(("de", "fr"), passages, (kinds[0], 1 - kinds[1]), strict=True)
    }
    said: list[str] = []
    monkeypatch.setattr(distillation, "say", said.append)
    filters = distillation.distilled(lessons, {"de": food_first, "fr": cars_first})
    assert filters[4].slices.shape == (4, 200, 4) and float(said[-1].split()[-2]) > 0.9


def test_a_pack_with_an_encoder_needs_few_texts(build, tmp_path, monkeypatch):
    """The last layer alone is learned, and the model file answers where no pack is installed."""
    table, readout = food_and_cars(build)
    install(build, table, readout, tmp_path, monkeypatch)
    texts, labels = [*FOOD[:4], *CARS[:4]], ["food"] * 4 + ["car"] * 4
    model = TextCNNClassifier(vectors="de").fit(texts, labels)
    assert model.model_.settings["frozen"] == "on" and model.model_.settings["pooling"] == "mean"
    model.save(tmp_path / "m")
    monkeypatch.undo()
    assert not packs()
    assert load(tmp_path / "m").predict(["Salat", "Garage"]).tolist() == ["food", "car"]


def test_names_of_labels_and_texts_without_labels_help_over_a_pack(build, tmp_path, monkeypatch):
    """Both are looked up in the pack, whose vectors are called german, and opened as de."""
    table, readout = food_and_cars(build)
    install(build, table, readout, tmp_path, monkeypatch)
    texts, labels = [*FOOD[:2], *CARS[:2]], ["Salat"] * 2 + ["Garage"] * 2
    said: list[str] = []
    others = [f"{one} {two}" for of_kind in (FOOD, CARS) for one in of_kind for two in of_kind]
    model = TextCNNClassifier(vectors="de")
    model.fit(texts, labels, unlabelled=others, callback=lambda event: said.append(event.note or "") or False)
    assert any("names of labels trusted" in note for note in said)
    assert any("uses 50 texts without labels" in note for note in said)
    assert model.predict(["Wein", "Bremse"]).tolist() == ["Salat", "Garage"]


def test_a_pack_joins_characters_to_words_whatever_was_learned(build, tmp_path, monkeypatch):
    """Who learns from English texts may ask in the pack's language; texts of one script have no others to join."""
    names, texts = ["房间", "干净", "room", "clean"], ["clean room", "room"]
    table = tabled(build, "zh", names, np.eye(4, dtype=np.float32))
    install(build, table, np.eye(2, 4, dtype=np.float32), tmp_path, monkeypatch, "zh")
    assert cut("房间干净", segment=segmenter_for(texts, Settings(vectors="zh"))) == ["房间", "干净"]
    assert segmenter_for(texts, Settings(vectors=str(pack("zh")))) is None


def test_an_encoder_is_for_the_rows_of_its_pack(build, tmp_path, monkeypatch):
    """Its sentence is the mean of two words, of which the more frequent one counts less."""
    table, readout = food_and_cars(build)
    install(build, table, readout, tmp_path, monkeypatch)
    encoder = encoder_for(open_vectors("de", say=sys.exit).table)
    suppe, garage = (table.vector(table.find(word).rows)[:2] for word in ("Suppe", "Garage"))
    by_hand = 1 / (1 + build.COMMON) * suppe + 10 / (10 + build.COMMON) * garage
    np.testing.assert_allclose(encoder.encode(["Suppe Garage"])[0], by_hand / np.linalg.norm(by_hand), atol=0.01)
    assert encoder_for(tabled(build, "de", ["suppe"], np.ones((1, 4), np.float32))) is None


def test_words_that_stood_alone_say_what_is_expected_of_rare_words_and_of_others(language_rows, tmp_path):
    """What is said of a word alone is twice what its texts say, but for the rarest; one word is in no text."""
    random, words = np.random.default_rng(0), [f"w{chr(97 + number)}" for number in range(20)]
    files = [shard(tmp_path / "0.npz", random, words, ["▁w"])]
    read = language_rows.merged(files, "words")
    means = read.means - np.average(read.means, axis=0, weights=read.counts)
    said = 2 * np.concatenate([means, np.ones((1, 6), np.float32)])
    said[19] = -8
    alone = language_rows.Read([*words, "neu"], np.zeros(21, np.float32), said)
    counts, vectors = zip(*language_rows.shrunk(read, None, alone).values(), strict=True)
    assert counts == (0, *range(20, 0, -1))
    expected = language_rows.expected(said, np.r_[means, 0 * means[:1]], np.r_[read.counts, 0].astype(np.float32))
    np.testing.assert_allclose(vectors[0], expected[20], rtol=1e-4)
    assert np.abs(expected[:15] - means[:15]).max() < 0.5 * np.abs(means[:15]).max()
    np.testing.assert_allclose(vectors[-1], (means[19] + 5 * expected[19]) / 6, rtol=1e-3)
    rows = language_rows.language(files, Cutter(), ["neu", "wa"], alone)
    assert rows.names[:2] == ["neu", "wa"] and set(rows.names) == {*words, "neu", "w"}


def test_words_that_are_listed_are_as_frequent_as_zipfs_law_says_for_one_half(language_rows):
    of_list = np.array([1 / 2.7, 1 / 3.7]) / (1 / 2.7 + 1 / 3.7)
    shares = language_rows.mixed_shares({"a": 0.6, "b": 0.4, "c": 0.0}, ["c", "a"])
    np.testing.assert_allclose(list(shares.values()), [0.3 + of_list[1] / 2, 0.2, of_list[0] / 2])
    assert language_rows.mixed_shares({"a": 1.0}, []) == {"a": 1.0}


def test_the_most_frequent_words_of_texts_and_lists_are_read_alone(language_rows, tmp_path, monkeypatch):
    """With the form that they have in texts, or in the list; no numbers, nor words that no text has so."""
    files = [shard(tmp_path / "0.npz", np.random.default_rng(0), ["haus", "12", "und"], ["▁东京", "京", "a"])]
    listed = {"und": "und", "tür": "Tür", "3:0": "3:0", "straße.": "Straße.", "东京": "东京", "大": "大"}
    found = language_rows.worth_reading(files, listed, blanks=True)
    assert found == {"und": "Und", "haus": "Haus", "tür": "Tür", "大": "大"}
    assert set(language_rows.worth_reading(files, listed, blanks=False)) == {"东京", "京", "大"}
    monkeypatch.setattr(language_rows, "ALONE", 2)
    assert list(language_rows.worth_reading(files, listed, blanks=True)) == ["haus", "und"]


def test_lists_of_words_are_read_most_frequent_first(tmp_path, monkeypatch):
    lists = script("word_lists")
    forms = ["der", "Haus", "haus", "LEHRERIN", "IST", "x" * 31, ""]
    monkeypatch.setattr(lists, "_listed", lambda code, inputs: forms)
    assert lists.frequent_words("de", tmp_path) == {"der": "der", "haus": "Haus", "ist": "IST"}
    words, archive = ["а", "и", "на"], io.BytesIO()
    data = gzip.compress(struct.pack("<4I", 3, 7, 9, 1) + "\n".join(words).encode())
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("vocab.bin")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    assert lists.navec_words(archive.getvalue()) == ["и", "а", "на"]


def test_words_alone_are_read_once(tmp_path, monkeypatch):
    shards = script("shards")
    assert shards.read_alone(tmp_path / "a.npz", dict, tmp_path) is None
    np.savez(tmp_path / "a.npz", words=np.array(["haus"]), means=np.ones((1, 6), np.float16))
    read = shards.read_alone(tmp_path / "a.npz", sys.exit, tmp_path)
    assert read.spellings == ["haus"] and read.means.tolist() == [[1] * 6]
    assert shards.read_alone(tmp_path / "b.npz", sys.exit, tmp_path, cached=True) is None


def test_a_language_of_a_pack_leans_to_nothing(build, language_rows, monkeypatch):
    """The mean of its passages is zero as a sentence sees them; frequent words are as long as those of other tables."""
    random, names = np.random.default_rng(0), ["eins", "zwei", "drei", "vier"]
    vectors = random.normal(size=(4, 6)).astype(np.float32) + np.float32(2)
    parts = {"de": language_rows.Rows(names, np.array([0.4, 0.3, 0.2, 0.1]), vectors)}
    monkeypatch.setattr(build, "DIMENSIONS", 4)
    lesson = build.Lesson(["eins zwei", "drei vier", "zwei drei"], np.ones((3, 6), np.float32))
    rows = build.upright(parts, {"de": lesson})["de"]
    table = build.tabled("de", rows)
    left = build.leaning(table, lesson.passages, build.COMMON)
    assert np.linalg.norm(left) < 0.15 * np.linalg.norm(rows.vectors, axis=1).mean()
    assert rows.names == names and rows.vectors.shape == (4, 4)


def test_pieces_from_inside_of_words_may_begin_with_a_mark(language_rows):
    pieces = language_rows.Read(
        ["▁लड़क", "ों", "▁ों", "7", "ี่ย", "\u064e"], np.ones(6, np.float32), np.eye(6, dtype=np.float32)
    )
    assert list(language_rows.named_pieces(pieces, pieces.means)) == ["लड़क", "##ों"]


def test_pieces_of_scripts_without_blanks_are_words_where_they_are_whole_characters(language_rows, tmp_path):
    pieces = ["▁", "▁东京", "东京", "东", "โรงแรม", "ี่ย", "东a", "s"]
    files = [shard(tmp_path / "0.npz", np.random.default_rng(1), ["东", "京"], pieces)]
    rows = language_rows.language(files, Cutter())
    assert set(rows.names) == {"东", "京", "东京", "โรงแรม", "##s"}
    with np.load(files[0]) as saved:
        means, counts = saved["pieces_means"].astype(np.float32)[1:5], saved["pieces_counts"][1:5]
    centre = (means * counts[:, None]).sum(axis=0) / counts.sum()
    both, number = np.average(means[:2], axis=0, weights=counts[:2]) - centre, counts[:2].sum()
    by_hand = both * number / (number + language_rows.PRIOR)
    np.testing.assert_allclose(rows.vectors[rows.names.index("东京")], by_hand, rtol=1e-3)


def test_the_shared_table_has_the_most_frequent_words_of_all_languages_in_one_space():
    build = script("build_shared")
    random = np.random.default_rng(0)
    parts = {
        "de": build.Rows(["die", "und", "selten"], np.array([0.5, 0.3, 0.1]), random.normal(size=(3, 6))),
        "en": build.Rows(["the", "die"], np.array([0.6, 0.25]), random.normal(size=(2, 6))),
    }
    names, vectors = build.joined(parts, most=4, dimensions=3)
    assert names == ["die", "the", "und", "selten"] and vectors.shape == (4, 3)
    turned = build.rotated(parts, 3)
    np.testing.assert_allclose(vectors[0], (2 * turned["de"][0] + turned["en"][1]) / 3, rtol=1e-5)


def test_no_language_of_the_shared_table_leans_to_anything():
    """The mean of its passages is zero, of which the sentence encoder weights rare words more; "in" is in both."""
    build = script("build_shared")
    random = np.random.default_rng(0)
    names = ["in", "die", "the", "haus", "house"]
    vectors = random.normal(size=(5, 4)).astype(np.float32) + np.float32(3)
    table = build.VectorTable("shared", build.Vocabulary.of(names), build.Quantized.of(vectors))
    parts = {
        "de": build.Rows(["die", "in", "haus"], np.array([0.5, 0.3, 0.1]), vectors),
        "en": build.Rows(["the", "in", "house"], np.array([0.6, 0.1, 0.1]), vectors),
    }
    passages = {"de": ["die haus die"], "en": ["the house", "in the house"]}
    leanings = {code: build.leaning(table, of, build.COMMON) for code, of in passages.items()}
    weights = np.arange(1, 6) / (np.arange(1, 6) + build.COMMON)
    by_hand = (2 * weights[1] * vectors[1] + weights[3] * vectors[3]) / (2 * weights[1] + weights[3])
    np.testing.assert_allclose(leanings["de"], by_hand, rtol=0.02)
    upright = build.upright(names, vectors, parts, leanings)
    np.testing.assert_allclose(upright[1], vectors[1] - leanings["de"], rtol=1e-5)
    np.testing.assert_allclose(upright[0], vectors[0] - (3 * leanings["de"] + leanings["en"]) / 4, rtol=1e-4)


def test_a_word_whose_pieces_say_the_same_is_not_worth_a_row():
    build = script("build_shared")
    names = ["haus", "##tür", "und", "haustür", "hausen", "oh"]
    vectors = np.array([[7, 0], [0, 7], [1, 1], [4, 3], [4, 3], [1, 0]], np.float32)  # haustür as haus and tür say
    vectors[4] += 9  # no piece is known of hausen
    shares = np.array([0.3, 0.2, 0.1, 0.09, 0.08, 0.07])
    assert build.worthy(names, shares, vectors, most=5) == [0, 1, 2, 4, 5]
    assert build.worthy(names, shares, vectors, most=6) == [0, 1, 2, 3, 4, 5]
    assert build.worthy(names[:2], shares[:2], vectors[:2], most=9) == [0, 1]


def test_the_readout_finds_what_was_taught_of_sentences():
    """What was taught has 150 axes, but three that matter: from the means of words to the principal axes."""
    build = script("readout")
    random = np.random.default_rng(0)
    features, directions = random.normal(size=(2000, 200)).astype(np.float32), random.normal(size=(200, 3))
    taught = (features @ directions @ random.normal(size=(3, 150))).astype(np.float32)
    weights = build.readout(build.centred(features), build.centred(taught))
    assert weights.shape == (150, 200)
    said = features @ weights.T
    assert np.square(said).sum(axis=1).mean() == pytest.approx(1, abs=0.05)
    inside = np.linalg.qr(directions)[0]
    np.testing.assert_allclose(weights[:3] @ inside @ inside.T, weights[:3], atol=0.02)


def test_filters_of_both_sides_let_a_mean_through_as_it_is():
    build = script("readout")
    vector = np.array([1.5, -2.0, 0.0], np.float32)
    seen = np.maximum(build.signed_axes(3).slices[0].astype(np.float32) @ vector, 0)
    np.testing.assert_array_equal(seen[:3] - seen[3:], vector)
