"""The layout of a bank: by hand for a small one, and whatever the widths, nothing is left out or counted twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcnn.model.bank import Bank, Pooling

WIDTHS = st.lists(st.integers(1, 15), min_size=1, max_size=5, unique=True).map(tuple)
BANKS = st.builds(Bank, WIDTHS, st.integers(1, 6))
POOLINGS = st.builds(Pooling, st.sampled_from(["max", "kmax", "mean", "max+mean"]), st.integers(1, 4))

EXAMPLE = Bank((1, 2), 2)  # a, b of width 1 and c, d of width 2
SLICES = np.array(["a0", "b0", "c0", "d0", "c1", "d1"])
MAPS = np.array(["a", "b", "c", "d"])


def test_the_example_of_the_docstring() -> None:
    assert (EXAMPLE.slices, EXAMPLE.maps, EXAMPLE.widest) == (6, 4, 2)
    one, two = EXAMPLE.blocks
    assert (one.width, two.width, one.filters, two.filters) == (1, 2, 2, 2)
    assert SLICES[one.slices].tolist() == ["a0", "b0"]
    assert SLICES[two.slices].tolist() == ["c0", "d0", "c1", "d1"]
    assert SLICES[two.at(0)].tolist() == ["c0", "d0"]
    assert SLICES[two.at(1)].tolist() == ["c1", "d1"]
    assert MAPS[one.maps].tolist() == ["a", "b"]
    assert MAPS[two.maps].tolist() == ["c", "d"]


def test_the_slices_of_a_width_are_an_array_of_offsets_by_filters() -> None:
    two = EXAMPLE.blocks[1]
    assert SLICES[two.slices].reshape(two.width, two.filters).tolist() == [["c0", "d0"], ["c1", "d1"]]


@given(BANKS)
def test_blocks_tile_slices_and_maps(bank: Bank) -> None:
    slices, maps = np.zeros(bank.slices, int), np.zeros(bank.maps, int)
    offsets = np.zeros(bank.slices, int)
    for block in bank.blocks:
        slices[block.slices] += 1
        maps[block.maps] += 1
        for offset in range(block.width):
            offsets[block.at(offset)] += 1
    assert (slices == 1).all() and (maps == 1).all() and (offsets == 1).all()
    assert tuple(block.width for block in bank.blocks) == bank.widths


@given(BANKS, POOLINGS)
def test_groups_tile_the_features_slot_by_slot(bank: Bank, pooling: Pooling) -> None:
    numbers = np.arange(bank.features(pooling))
    by_slot = numbers.reshape(pooling.slots, bank.maps)
    expected = [by_slot[slot, block.maps].tolist() for slot in range(pooling.slots) for block in bank.blocks]
    assert [numbers[group].tolist() for group in bank.groups(pooling)] == expected
    assert np.concatenate(expected).tolist() == numbers.tolist()


@pytest.mark.parametrize(
    ("pooling", "kept", "has_mean", "slots"),
    [
        (Pooling("max", 3), 1, False, 1),
        (Pooling("kmax", 3), 3, False, 3),
        (Pooling("mean", 3), 0, True, 1),
        (Pooling("max+mean", 3), 1, True, 2),
    ],
)
def test_slots_are_the_kept_values_and_then_the_mean(pooling: Pooling, kept: int, has_mean: bool, slots: int) -> None:
    assert (pooling.kept, pooling.has_mean, pooling.slots) == (kept, has_mean, slots)
