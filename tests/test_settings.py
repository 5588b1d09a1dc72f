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
from textcnn.settings import GROUPS, Settings, check, each_setting


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
        ("vectors", 5, "text"),
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


def test_arrays_are_lists_and_an_endless_range_is_refused() -> None:
    check({"widths": np.array([1, 2])})
    with pytest.raises(SettingsError, match="list of numbers"):
        check({"widths": range(10**12)})
