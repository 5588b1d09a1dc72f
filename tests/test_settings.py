"""Hyper-parameters are written once: the estimator, the command line and the model file take them from one place."""

import contextlib
import inspect
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcnn.cli.train import train
from textcnn.errors import SettingsError
from textcnn.estimator import TextCNNClassifier
from textcnn.settings import GROUPS, Settings, check, checked, each_setting, settings_of


def test_defaults_are_within_their_limits() -> None:
    check({setting.name: setting.default for setting in each_setting()})


def test_estimator_and_settings_have_the_same_parameters_and_defaults() -> None:
    assert TextCNNClassifier().get_params() == {setting.name: setting.default for setting in fields(Settings)}


def test_train_has_an_option_for_each_setting() -> None:
    options = inspect.signature(train).parameters
    assert "settings" not in options
    assert {setting.name for setting in each_setting()} <= options.keys()


def test_every_setting_is_described_and_grouped() -> None:
    assert {setting.metadata["group"] for setting in each_setting()} == set(GROUPS)
    assert all(setting.metadata["help"] for setting in each_setting())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("filters", -1, "0 to 2000"),
        ("filters", 2.5, "whole number"),
        ("filters", 2.0, "whole number"),
        ("filters", "many", "whole number"),
        ("filters", True, "whole number"),
        ("dropout", 1.0, "0 to 0.95"),
        ("dropout", float("nan"), "0 to 0.95"),
        ("widths", (), "at least one"),
        ("widths", (2, 99), "1 to 15"),
        ("widths", "1,2", "list of numbers"),
        ("widths", 3, "list of numbers"),
        ("pooling", "median", "max, kmax, mean, max+mean"),
        ("widths", (1,) * 21, "at most 20 numbers"),
        ("widths", ((1, 2), 3), "whole number"),
        ("vectors", 5, "text"),
        ("vectors", {"a": 1}, "text"),
        ("vectors", "a\0b", "text"),
        ("class_weight", {"spam": {"ham": 1}}, "from 0 to 1000000"),
        ("class_weight", {"spam": -1}, "from 0 to 1000000"),
        ("depth", 5, "no setting 'depth'"),
    ],
)
def test_a_value_out_of_its_limits_is_refused_by_name(name: str, value: object, message: str) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        check({name: value})
    assert message in str(error.value)


@given(st.sampled_from([setting.name for setting in each_setting()]), st.from_type(object) | st.text() | st.floats())
def test_any_value_is_accepted_or_refused(name: str, value: object) -> None:
    with contextlib.suppress(SettingsError):
        check({name: value})


def nested(levels: int, innermost: object) -> object:
    for _ in range(levels):
        innermost = {"a": innermost}
    return innermost


@pytest.mark.parametrize("name", ["class_weight", "vectors", "widths", "epochs", "colour"])
@pytest.mark.parametrize("levels", [30, 5000])
def test_nested_tables_are_refused_in_a_short_message(name: str, levels: int) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        checked({name: nested(levels, "'\\")})
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize("name", ["class_weight", "vectors", "widths", "epochs", "dropout"])
def test_numbers_too_long_to_be_written_are_refused(name: str) -> None:
    for value in (10**5000, [10**5000], {"spam": 10**5000}):
        with pytest.raises(SettingsError, match=name):
            checked({name: value})


def test_weights_of_classes_become_text() -> None:
    assert settings_of({"class_weight": {"spam": np.float32(2), 1: 3}}).class_weight == '{"spam": 2.0, "1": 3}'


def test_arrays_are_lists_and_an_endless_range_is_refused() -> None:
    check({"widths": np.array([1, 2])})
    with pytest.raises(SettingsError, match="list of numbers"):
        check({"widths": range(10**12)})
