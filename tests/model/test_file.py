"""The model file: what is saved comes back, the library of its format can read it, and it fits its description."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from damaged import changed

from textcnn import ModelFileError, TextCNNClassifier, load
from textcnn.corpus.record import LearnedReading
from textcnn.errors import OutputError
from textcnn.model.file import FORMAT, write_model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.storage.quantized import HALF_BYTE, Quantized
from textcnn.storage.tensor_file import TensorFileError, read_tensors, write_tensors
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.table import VectorTable

TEXTS = ["win a free prize now", "free cash for you", "see you at lunch", "lunch at noon then"] * 5
LABELS = ["spam 💰", "spam 💰", "7", "7"] * 5
KINDS = [
    {},
    {"channels": "static"},
    {"channels": "both", "pooling": "max+mean"},
    {"channels": "random", "pooling": "kmax", "hidden": (5,)},
    {"stages": 2, "pooling": "mean"},
]


def a_model(**values: object) -> TextCNNClassifier:
    settings = {
        "vectors": "none",
        "filters": 6,
        "dimensions": 8,
        "epochs": 2,
        "widths": (1, 2),
        "quality": "fast",
        **values,
    }
    return TextCNNClassifier(**settings).fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file, and nobody may write to it."""
    path = tmp_path_factory.mktemp("saved") / "m.textcnn"
    a_model().save(path)
    return path


@pytest.fixture
def path(saved: Path, tmp_path: Path) -> Path:
    """One to be changed."""
    return Path(shutil.copy(saved, tmp_path))


@pytest.mark.parametrize("values", KINDS, ids=str)
def test_a_saved_model_comes_back(tmp_path: Path, values: dict[str, object]) -> None:
    model = a_model(**values)
    model.save(tmp_path / "m.textcnn")
    again = load(tmp_path / "m.textcnn")
    probes = [*TEXTS, "", "an unseen word", "x"]
    np.testing.assert_array_equal(model.predict_proba(probes), again.predict_proba(probes))
    assert again.get_params() == model.get_params()
    assert again.model_.settings == asdict(settled(Settings(**model.get_params()), labels=2))
    assert again.classes_.tolist() == ["7", "spam 💰"]
    again.save(tmp_path / "again.textcnn")
    assert (tmp_path / "again.textcnn").read_bytes() == (tmp_path / "m.textcnn").read_bytes()


@pytest.mark.parametrize("channels", ["trained", "static"])
def test_numbers_of_half_a_byte_stay_so(tmp_path: Path, channels: str) -> None:
    """Words that the texts did not have take half the room, and answer the same; older programs say what to do."""
    random, words = np.random.default_rng(0), ["win", "lunch", "prize", "dinner", "##s"]
    table = Quantized.of(random.normal(size=(5, 8)).astype(np.float32), HALF_BYTE)
    models = []
    for halves in (True, False):
        path = tmp_path / f"{halves}.vectors"
        with path.open("wb") as file:
            VectorTable("a", Vocabulary.of(words), table).write(file, in_half_bytes=halves)
        models.append(a_model(vectors=str(path), channels=channels))
        models[-1].save(tmp_path / f"{halves}.textcnn")
    asked = ["dinner tonight", "prizes", "win a dinner"]
    np.testing.assert_array_equal(models[0].predict_proba(asked), models[1].predict_proba(asked))
    again = load(tmp_path / "True.textcnn")
    np.testing.assert_array_equal(again.predict_proba(asked), models[1].predict_proba(asked))
    halved = channels == "trained"
    assert again.model_.static.values.dtype == (np.uint8 if halved else np.int8)
    formats = [json.loads(read_tensors(tmp_path / f"{halves}.textcnn").metadata["textcnn"]) for halves in (True, False)]
    assert [described["format"] for described in formats] == [FORMAT if halved else FORMAT - 1, FORMAT - 1]


@pytest.mark.parametrize("values", KINDS, ids=str)
@pytest.mark.slow
def test_threads_leave_no_trace_in_the_file(tmp_path: Path, values: dict[str, object]) -> None:
    for threads in (1, 2):
        a_model(**values, threads=threads, filters=20).save(tmp_path / str(threads))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert load(tmp_path / "2").get_params()["threads"] == 0


def test_how_texts_were_read_comes_back_and_what_is_not_known_leaves_no_trace(tmp_path: Path, path: Path) -> None:
    learned, model = LearnedReading(("Body", "Title"), ("mood",), ""), load(path)
    assert "reading" not in json.loads(read_tensors(path).metadata["textcnn"])
    assert load(path).model_.reading is Predictor.open(path).reading is None
    write_model(replace(model.model_, reading=learned), path)
    assert load(path).model_.reading == Predictor.open(path).reading == learned
    load(path).save(tmp_path / "again.textcnn")
    assert (tmp_path / "again.textcnn").read_bytes() == path.read_bytes()
    changed(path, reading={"texts": ["Body"], "more": 1})
    assert load(path).model_.reading == LearnedReading(("Body",)), "as programs may write it that know more or less"


def test_the_library_of_the_format_reads_it(saved: Path) -> None:
    from safetensors.numpy import load_file

    theirs, ours = load_file(saved), read_tensors(saved).tensors
    assert theirs.keys() == ours.keys()
    assert all(np.array_equal(theirs[name], ours[name]) for name in ours)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": FORMAT + 1}, "newer textcnn.*pip install --upgrade"),
        ({"format": FORMAT - 2}, "of format 1, made by an older textcnn.*train it again"),
        ({"format": "1"}, "not made by textcnn"),
        ({"labels": ["a"]}, "missing or of the wrong shape"),
        ({"labels": ["a", "a"]}, "labels are damaged"),
        ({"labels": 5}, "labels are damaged"),
        ({"networks": 10**9}, "damaged"),
        ({"networks": 2}, "damaged|missing"),
        ({"first_static": -1}, "do not fit"),
        ({"temperature": 0}, "temperature is damaged"),
        ({"temperature": float("nan")}, "temperature is damaged"),
        ({"thresholds": [0.5]}, "thresholds"),
        ({"settings": {"filters": 7}}, "wrong shape"),
        ({"settings": {"filters": 0}}, "no number of filters"),
        ({"numbered": True, "labels": ["7", "7.0"]}, "should be numbers"),
        ({"settings": {"filters": "many"}}, "filters"),
        ({"settings": {"colour": "red"}}, "colour"),
        ({"settings": []}, "settings are damaged"),
        ({"settled": ["colour"]}, "settings are damaged"),
        ({"settled": 5}, "settings are damaged"),
        ({"reading": []}, "how texts are read is damaged"),
        ({"reading": {"texts": "text"}}, "how texts are read is damaged"),
        ({"reading": {"texts": ["text", 5]}}, "how texts are read is damaged"),
        ({"reading": {"texts": ["text"], "labels": ["text"]}}, "how texts are read is damaged"),
        ({"reading": {"label_separator": 5}}, "how texts are read is damaged"),
        ({"reading": {"label_prefix": " "}}, "how texts are read is damaged"),
        ({"reading": {"texts": ["x" * 100_000]}}, "how texts are read is damaged"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(path: Path, values: dict[str, object], message: str) -> None:
    changed(path, **values)
    with pytest.raises(ModelFileError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("linear.buckets", lambda array: array + np.uint32(2**31), "linear part is damaged"),
        ("linear.buckets", lambda array: array[::-1], "linear part is damaged"),
        ("linear.weights", lambda array: array[:-1], "linear part is damaged"),
        ("static.values", lambda array: array[:, :0], "vectors 'static' are damaged"),
        ("static.values", lambda array: array.view(np.uint8), "vectors 'static' are damaged"),
        ("0.trained.values", lambda array: array.view(np.uint8), "vectors '0.trained' are damaged"),
        ("0.0.bias", lambda array: array[:-1], "wrong shape"),
    ],
)
def test_tensors_that_point_beyond_their_bounds_are_refused(path, name, change, message) -> None:
    file = read_tensors(path)
    tensors = {key: array.copy() for key, array in file.tensors.items()}
    tensors[name] = np.ascontiguousarray(change(tensors[name]))
    with path.open("wb") as target:
        write_tensors(target, dict(file.metadata), tensors)
    with pytest.raises(ModelFileError, match=message):
        load(path)


def test_a_model_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    model = replace(a_model(linear="off").model_, fingerprint="x" * 5_000_000)
    with pytest.raises(OutputError, match="too long"):
        write_model(model, tmp_path / "m.textcnn")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_model_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="textcnn train"):
        load(tmp_path / "none.textcnn")


def test_a_file_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    with path.open("wb") as file:
        write_tensors(file, {}, {"x": np.zeros(3, np.float32)})
    with pytest.raises(ModelFileError, match="not made by textcnn"):
        load(path)


def test_tensors_of_every_type_come_back(tmp_path: Path) -> None:
    arrays = {kind: np.arange(6, dtype=kind).reshape(2, 3) for kind in ("u1", "i1", "u4", "i8", "f2", "f4", "f8")}
    arrays["empty"], arrays["bool"] = np.empty((0, 4), np.float32), np.array([True, False])
    with (tmp_path / "t").open("wb") as file:
        write_tensors(file, {"a": "ü"}, arrays)
    read = read_tensors(tmp_path / "t")
    assert read.metadata == {"a": "ü"}
    assert all(np.array_equal(read.tensors[name], array) for name, array in arrays.items())
    with pytest.raises(TensorFileError, match="empty"):
        (tmp_path / "t").write_bytes(b"")
        read_tensors(tmp_path / "t")
