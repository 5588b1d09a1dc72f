"""The script that builds packs: which passages it reads, and what it makes of what was said about words and pieces."""

import argparse
import sys
import zipfile

import numpy as np
import pytest
from program import script

from textcnn import TextCNNClassifier, load
from textcnn.encoder import encoder_for
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.packs import pack, packs


@pytest.fixture(scope="module")
def build():
    """The script as a module."""
    return script("build_packs")


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


def test_words_that_are_spelt_alike_are_one_word_whatever_their_points(build, tmp_path):
    file = shard(tmp_path / "0.npz", np.random.default_rng(0), ["كِتاب", "كتاب"], ["▁كتاب"])
    found = build.merged([file], "words")
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


def test_means_over_shards_are_weighted_by_occurrences(build, tmp_path):
    random = np.random.default_rng(0)
    files = [
        shard(tmp_path / "0.npz", random, ["haus", "und"], ["▁Haus"]),
        shard(tmp_path / "1.npz", random, ["und"], ["▁und"]),
    ]
    found = build.merged(files, "words")
    one, other = (np.load(file)["words_means"].astype(np.float32) for file in files)
    assert found.spellings == ["haus", "und"] and found.counts.tolist() == [2, 2]
    np.testing.assert_allclose(found.means, [one[0], (one[1] + other[0]) / 2], rtol=1e-5)


class Cutter:
    """Words of the shard are cut after three letters."""

    def encode_batch(self, words, add_special_tokens):
        return [argparse.Namespace(tokens=[f"▁{word[:3]}", *filter(None, [word[3:]])]) for word in words]


def test_a_pack_has_words_and_pieces_and_is_found_once_it_is_installed(build, tmp_path, monkeypatch):
    words = ["haus", "hausen", "und", "über"]
    files = [
        shard(tmp_path / "0.npz", np.random.default_rng(1), words, ["▁Hau", "s", "sen", "▁Und", "▁12", "▁Übe", "r"])
    ]
    rows = build.language(files, Cutter())
    assert set(rows.names) == {*words, "hau", "##s", "##sen", "übe", "##r"} and rows.names[0] == "haus"
    vectors = build.rotated({"de": rows}, 4)["de"]
    assert vectors.shape == (9, 4)
    install(build, build.tabled("de", rows.names, vectors), np.eye(4, dtype=np.float32), tmp_path, monkeypatch)
    assert pack("de") == tmp_path / "site" / "textcnn_vectors_de" / "table.vectors"
    opened = open_vectors("de", say=sys.exit)
    assert opened.table.facts["language"] == "de" and opened.table.vocabulary.has_pieces
    assert encoder_for(opened.table) is not None
    pack("de").with_name(build.ENCODER).unlink()  # as in older packs
    assert encoder_for(opened.table) is None
    assert opened.table.find("Haussen").rows == (*4 * [rows.names.index("haus")], *3 * [rows.names.index("##sen")])


def install(build, table, readout, folder, monkeypatch):
    """A German pack, on Python's path."""
    with zipfile.ZipFile(build.wheel("de", table, readout, folder, "0.1")) as archive:
        archive.extractall(folder / "site")
    monkeypatch.syspath_prepend(folder / "site")


FOOD, CARS = ["Suppe", "Brot", "Fisch", "Wein", "Salat"], ["Motor", "Reifen", "Bremse", "Auto", "Garage"]


def food_and_cars(build):
    """A table in which food lies on the first axis and cars on the second, and its readout."""
    random, names = np.random.default_rng(0), [word.lower() for word in (*FOOD, *CARS)]
    vectors = np.repeat(np.eye(2, 4), 5, axis=0) + 0.05 * random.normal(size=(10, 4))
    return build.tabled("de", names, vectors.astype(np.float32)), np.eye(2, 4, dtype=np.float32)


def test_frequent_english_words_are_in_every_pack(build, monkeypatch):
    """A word of both is the pack's own; pieces are no words; they are put among its own as if they were rarer."""
    monkeypatch.setattr(build, "ENGLISH", 4)
    german = build.Rows(["die", "in", "selten"], np.array([0.5, 0.3, 0.001]), np.full((3, 2), 1.0, np.float32))
    english = build.Rows(["the", "in", "##s", "of", "rare"], np.array([0.4, 0.2, 0.1, 0.02, 0.01]), np.zeros((5, 2)))
    both = build.with_english(german, english)
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
    cars_first = build.tabled("fr", [word.lower() for word in (*CARS, *FOOD)], np.repeat(np.eye(2, 4), 5, axis=0))
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


def test_an_encoder_is_for_the_rows_of_its_pack(build, tmp_path, monkeypatch):
    """Its sentence is the mean of two words, of which the more frequent one counts less."""
    table, readout = food_and_cars(build)
    install(build, table, readout, tmp_path, monkeypatch)
    encoder = encoder_for(open_vectors("de", say=sys.exit).table)
    suppe, garage = (table.vector(table.find(word).rows)[:2] for word in ("Suppe", "Garage"))
    by_hand = 1 / (1 + build.COMMON) * suppe + 10 / (10 + build.COMMON) * garage
    np.testing.assert_allclose(encoder.encode(["Suppe Garage"])[0], by_hand / np.linalg.norm(by_hand), atol=0.01)
    assert encoder_for(build.tabled("de", ["suppe"], np.ones((1, 4), np.float32))) is None


def test_pieces_from_inside_of_words_may_begin_with_a_mark(build):
    pieces = build.Read(["▁लड़क", "ों", "▁ों", "7", "ี่ย", "\u064e"], np.ones(6, np.float32), np.eye(6, dtype=np.float32))
    assert list(build.named_pieces(pieces, pieces.means)) == ["लड़क", "##ों"]


def test_pieces_of_scripts_without_blanks_are_words_where_they_are_whole_characters(build, tmp_path):
    pieces = ["▁", "▁东京", "东京", "东", "โรงแรม", "ี่ย", "东a", "s"]
    files = [shard(tmp_path / "0.npz", np.random.default_rng(1), ["东", "京"], pieces)]
    rows = build.language(files, Cutter())
    assert set(rows.names) == {"东", "京", "东京", "โรงแรม", "##s"}
    with np.load(files[0]) as saved:
        means, counts = saved["pieces_means"].astype(np.float32)[1:5], saved["pieces_counts"][1:5]
    centre = (means * counts[:, None]).sum(axis=0) / counts.sum()
    lean = (means - centre) * (counts / (counts + build.PRIOR))[:, None]
    np.testing.assert_allclose(
        rows.vectors[rows.names.index("东京")], np.average(lean[:2], axis=0, weights=counts[:2]), rtol=1e-3
    )


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
    leanings = {code: build.leaning(table, of) for code, of in passages.items()}
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
