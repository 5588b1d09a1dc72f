"""Whatever a model file holds: it works, or it is refused in one line; it never runs code."""

import json
import os
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program import complaint, environment

from textcnn.errors import ModelFileError
from textcnn.model.file import FORMAT
from textcnn.model.predictor import Predictor


def header_of(data):
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def file_of(header, body):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def described(changes):
    """A change of the description of the model."""

    def change(header):
        values = json.loads(header["__metadata__"]["textcnn"])
        for name, value in changes.items():
            (values if name in values or name not in values["settings"] else values["settings"])[name] = value
        header["__metadata__"]["textcnn"] = json.dumps(values)

    return change


def entry(name, **values):
    """A change of the entry of a tensor."""
    return lambda header: header[name].update(values)


def nested(levels):
    """Lists and objects in turn."""
    value = 1
    for _ in range(levels // 2):
        value = [{"\\": value}]
    return value


HOSTILE = {
    "offsets beyond the end": entry("text", data_offsets=[0, 2**40]),
    "negative offsets": entry("text", data_offsets=[-8, 8]),
    "offsets that run backwards": entry("text", data_offsets=[100, 20]),
    "offsets that are no numbers": entry("text", data_offsets=["0", None]),
    "one offset": entry("text", data_offsets=[0]),
    "a huge shape": entry("static.values", shape=[2**40, 2**40]),
    "a shape whose product wraps around": entry("static.values", shape=[2**32, 2**32, 2]),
    "a shape of nothing, beyond all bounds": entry("static.values", shape=[0, 2**40, 2**40], data_offsets=[0, 0]),
    "a negative shape": entry("static.values", shape=[-1, 10]),
    "a shape of booleans": entry("static.values", shape=[True, 10]),
    "a shape that is an object": entry("static.values", shape={}, data_offsets=[0, 1]),
    "a shape that is text": entry("static.values", shape="", data_offsets=[0, 1]),
    "a shape of nothing, just within bounds": entry("static.values", shape=[0, 2**47, 2**47], data_offsets=[0, 0]),
    "a shape of nothing, too large for its type": entry("linear.bias", shape=[0, 2**31, 2**31, 2], data_offsets=[0, 0]),
    "too many dimensions": entry("static.values", shape=[1] * 99),
    "an unknown type": entry("text", dtype="F8_E4M3"),
    "a type that is a list": entry("text", dtype=[]),
    "another type": entry("static.values", dtype="U8"),
    "overlapping tensors": lambda header: header["offsets"].update(data_offsets=header["order"]["data_offsets"]),
    "tensors that share some bytes": lambda header: header["order"].update(
        data_offsets=[offset - 4 for offset in header["order"]["data_offsets"]]
    ),
    "no vocabulary": lambda header: header.pop("text"),
    "entries that are no objects": lambda header: header.update(text=[1, 2]),
    "no metadata": lambda header: header.pop("__metadata__"),
    "metadata that is no text": lambda header: header.update(__metadata__={"textcnn": 7}),
    "a description nested deeply": lambda header: header["__metadata__"].update(textcnn="[" * 50_000),
    "figures nested deeply": described({"figures": nested(900)}),
    "settings nested deeply": described({"class_weight": nested(30)}),
    "a list nested deeply": described({"hidden": nested(900)}),
    "endless widths": described({"widths": [1] * 100_000}),
    "a newer format": described({"format": FORMAT + 1}),
    "a format that is no number": described({"format": "1"}),
    "no labels": described({"labels": []}),
    "labels twice": described({"labels": ["a", "a"]}),
    "labels that are numbers": described({"labels": [1, 2]}),
    "labels of another number": described({"labels": ["a", "b", "c"]}),
    "as many networks as no training makes": described({"networks": 21}),
    "a million networks": described({"networks": 10**6}),
    "no networks": described({"networks": 0}),
    "rows before the first": described({"first_static": -1}),
    "temperature zero": described({"temperature": 0}),
    "temperature not a number": described({"temperature": float("nan")}),
    "thresholds of another number": described({"thresholds": [0.5]}),
    "thresholds not numbers": described({"thresholds": ["a", None]}),
    "a setting out of its limits": described({"filters": 10**9}),
    "a setting that is not a number": described({"k": float("nan")}),
    "an infinite setting": described({"k": float("inf")}),
    "settings of another shape": described({"widths": [1, 2, 3]}),
    "settings that are no lists": described({"widths": {}}),
}


def works_or_is_refused(path):
    """A reader may do nothing else: give answers that are numbers, or raise ModelFileError."""
    predictor = Predictor.open(path)
    probabilities = predictor.probabilities(["free prize", "", "see you at lunch, zzz"])
    assert probabilities.shape == (3, len(predictor.labels))
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


class TestModelFile:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "it is empty"),
            (b"1234567", "it is cut off"),
            (b"\0" * 64, "its header is damaged"),
            (b"\xff" * 64, "it is cut off or not a tensor file"),
            (b"PK\x03\x04" + b"\0" * 60, "is not a model that can be read"),
            (file_of({}, b""), "it was not made by textcnn"),
            (file_of([], b""), "its header is damaged"),
            (struct.pack("<Q", 50_000) + b"[" * 50_000, "its header is damaged"),
            (struct.pack("<Q", 5_000_000) + b"[" * 5_000_000, "its header is too long for its size"),
            (struct.pack("<Q", 5_006) + b'{"a":' + b"7" * 5000 + b"}", "its header is damaged"),
        ],
        ids=lambda value: value[:20] if isinstance(value, str) else "",
    )
    @pytest.mark.parametrize("command", [["predict", "x"], ["inspect"], ["evaluate", "train.csv"]], ids=" ".join)
    def test_what_is_no_model_is_refused_by_every_command(self, textcnn, train_csv, folder, command, content, said):
        (folder / "model.textcnn").write_bytes(content)
        found = complaint(textcnn(*command))
        assert found.startswith("model.textcnn ")
        assert said in found

    def test_a_folder_and_a_missing_file_are_no_models(self, textcnn, folder):
        assert complaint(textcnn("inspect", "-m", folder)) == f"cannot read the model {folder}: Is a directory"
        assert "train one with: textcnn train" in complaint(textcnn("inspect", "-m", "nothing"))
        assert "not both" in complaint(textcnn("inspect", "a.textcnn", "-m", "b.textcnn"), code=2)

    @pytest.mark.parametrize("command", ["predict", "inspect"])
    def test_what_is_no_file_is_refused_at_once(self, textcnn, folder, command):
        os.mkfifo("pipe")
        Path("loop").symlink_to("loop")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
            for path in ("pipe", "socket", "/dev/zero"):
                said = "it is a pipe, a socket or a device, not a file"
                assert complaint(textcnn(command, "-m", path)) == f"cannot read the model {path}: {said}"
        assert complaint(textcnn(command, "-m", "loop")).startswith("cannot read the model loop: ")
        with pytest.raises(ModelFileError, match="null byte"):
            Predictor.open(Path("a\0b"))

    @pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
    @pytest.mark.parametrize(
        ("begin", "item", "end"),
        [
            (b'{"a":[', b"[],", b"0]}"),
            (b'{"__metadata__":{"textcnn":"{\\"format\\":2,\\"\xf0\x9f\x98\x80\\":[', b"{},", b'0]}"}}'),
        ],
        ids=["lists", "description"],
    )
    @pytest.mark.parametrize("size", [4_000_000, 100_000_000])
    def test_a_model_takes_at_most_four_times_its_file_and_200_mb(self, folder, begin, item, end, size):
        header = begin + item * ((size - 1000) // len(item)) + end
        (folder / "m").write_bytes(struct.pack("<Q", len(header)) + header)
        opened = [sys.executable, "-c", OPEN, str(folder / "m")]
        peak = 1024 * int(subprocess.run(opened, capture_output=True, check=True, env=environment()).stdout)
        assert peak < 4 * len(header) + 200_000_000

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_descriptions_are_refused(self, textcnn, model, name):
        header, body = header_of(model.read_bytes())
        HOSTILE[name](header)
        model.write_bytes(file_of(header, body))
        assert complaint(textcnn("predict", "free prize")).startswith("model.textcnn is not a model that can be read: ")

    def test_a_newer_format_says_how_to_get_on(self, textcnn, model):
        header, body = header_of(model.read_bytes())
        described({"format": FORMAT + 1})(header)
        model.write_bytes(file_of(header, body))
        advice = "made by a newer textcnn; this one reads formats 2 and 3: pip install --upgrade textcnn"
        assert advice in textcnn("inspect").err

    def test_whole_numbers_may_be_written_as_fractions(self, model):
        header, body = header_of(model.read_bytes())
        described({"stages": 1.0, "filters": 16.0, "max_words": 100.0, "widths": [1.0, 2.0]})(header)
        model.write_bytes(file_of(header, body))
        works_or_is_refused(model)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 3e38])
    @pytest.mark.parametrize(
        "tensor",
        ["static.scales", "0.trained.scales", "0.0.filters", "0.layer.0.weight", "linear.steps", "linear.bias"],
    )
    def test_weights_that_are_not_finite_are_refused(self, textcnn, model, tensor, value):
        header, body = header_of(model.read_bytes())
        first, last = header[tensor]["data_offsets"]
        values = struct.pack("<f", value) * ((last - first) // 4)
        model.write_bytes(file_of(header, body[:first] + values + body[last:]))
        if first < last and (tensor, value) != ("0.0.filters", 3e38):  # which whole numbers can hold, see the next one
            assert "not numbers" in complaint(textcnn("predict", "free prize", "zzz"))
            many = b"free prize, call me\n" * 1500  # enough for the compiled loops, on more than one thread
            assert "not numbers" in complaint(textcnn("predict", "--threads", "2", stdin=many))

    @pytest.mark.parametrize("value", [3e38, -3e38, 1e20])
    @pytest.mark.parametrize("tensor", ["0.0.filters", "0.0.bias", "0.layer.0.weight", "linear.steps", "linear.bias"])
    def test_weights_near_the_largest_number_answer_with_reasons_or_are_refused(self, textcnn, model, tensor, value):
        header, body = header_of(model.read_bytes())
        first, last = header[tensor]["data_offsets"]
        weights = struct.pack("<f", value) * ((last - first) // 4)
        model.write_bytes(file_of(header, body[:first] + weights + body[last:]))
        answer = textcnn("predict", "--explain", "--format=jsonl", "free prize", "see you at lunch", "")
        assert (answer.code, answer.err) == (0, "") or "not numbers" in complaint(answer)
        assert "NaN" not in answer.out and "Infinity" not in answer.out

    def test_logits_far_apart_are_certain(self, textcnn, model):
        header, body = header_of(model.read_bytes())
        first, last = header["0.layer.0.bias"]["data_offsets"]
        described({"temperature": 1.0})(header)
        model.write_bytes(file_of(header, body[:first] + struct.pack("<ff", 3e38, -3e38) + body[last:]))
        assert textcnn("predict", "free prize") == (0, "ham\t1.0000\tfree prize\n", "")

    def test_a_model_without_a_vocabulary_is_refused(self, model):
        header, body = header_of(model.read_bytes())
        for name, values in header.items():
            if name in ("text", "order", "static.values", "static.scales", "0.trained.values", "0.trained.scales"):
                values.update(shape=[0, *values["shape"][1:]], data_offsets=[0, 0])
        header["offsets"].update(shape=[1], data_offsets=[len(body), len(body) + 4])
        described({"first_static": 0})(header)
        model.write_bytes(file_of(header, body + b"\0\0\0\0"))
        with pytest.raises(ModelFileError, match="vocabulary is empty"):
            works_or_is_refused(model)


OPEN = """
import contextlib, sys
from pathlib import Path
from textcnn.errors import ModelFileError
from textcnn.model.predictor import Predictor
with contextlib.suppress(ModelFileError):
    Predictor.open(Path(sys.argv[1]))
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""

quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestAnyModelFile:
    """Any bytes, any cut, any change of a real model: an answer or ModelFileError, and never anything else."""

    @given(st.binary(max_size=300))
    @quick
    def test_any_bytes_are_refused(self, folder, data):
        (folder / "m").write_bytes(data)
        with pytest.raises(ModelFileError):
            works_or_is_refused(folder / "m")

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                            st.sampled_from(["a", "dtype", "shape", "data_offsets", "__metadata__", "textcnn"]), inner,
                            max_size=4)), st.binary(max_size=40))  # fmt: skip
    @quick
    def test_any_other_header_is_refused(self, folder, header, body):
        (folder / "m").write_bytes(file_of(header, body))
        with pytest.raises(ModelFileError):
            works_or_is_refused(folder / "m")

    @given(data=st.data())
    @quick
    def test_a_file_cut_anywhere_is_refused(self, model, data):
        whole = model.read_bytes()
        length = data.draw(st.integers(0, len(whole) - 1))
        Path("cut").write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            works_or_is_refused(Path("cut"))

    @given(data=st.data())
    @quick
    def test_any_change_of_bytes_is_refused_or_harmless(self, model, data):
        changed = bytearray(model.read_bytes())
        end = data.draw(st.sampled_from([8, 8 + struct.unpack("<Q", changed[:8])[0], len(changed)]))
        for place, byte in data.draw(st.lists(st.tuples(st.integers(0, end - 1), st.integers(0, 255)), max_size=8)):
            changed[place] = byte
        Path("changed").write_bytes(changed)
        with suppress(ModelFileError):
            works_or_is_refused(Path("changed"))

    @given(data=st.data())
    @quick
    @pytest.mark.slow
    def test_any_value_in_the_description_is_refused_or_harmless(self, model, data):
        header, body = header_of(model.read_bytes())
        values = json.loads(header["__metadata__"]["textcnn"])
        names = data.draw(
            st.lists(st.sampled_from(sorted({*values, *values["settings"]} - {"settings"})), min_size=1, max_size=3)
        )
        simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
        for name in names:
            value = data.draw(
                simple | st.lists(simple, max_size=3) | st.dictionaries(st.text(max_size=3), simple, max_size=2)
            )
            described({name: value})(header)
        Path("described").write_bytes(file_of(header, body))
        with suppress(ModelFileError):
            works_or_is_refused(Path("described"))
