"""Networks whose responses are whole numbers of two bytes.

Adding and taking the largest are exact in whole numbers, in any order, on any machine and in any language, and a row of
two bytes for each slice is read in half the time of one in single precision. The h slices of a filter share one unit,

    unit = N · sum over slices j  |w_j| / 32,700

with N the length of the longest word vector. A response of a slice is at most N · |w_j| (Cauchy and Schwarz), so what
any h words give together, each rounded to a whole number, is within two bytes. All weights of the filter and its bias
are divided by the unit, the weight of its feature is multiplied by it: but for the rounding the network is the same.
The weights of features, too, are rounded here, once, as `product` would round them; whole numbers need no rounding,
and means of them, where long texts are pooled piece by piece, are rounded to sixteenths.

The rounded responses *are* the responses: of one text and of many, with compiled loops and without, in explanations.
Trained networks, and model files, are not changed by it.

Shapes: F filters of each width, D dimensions, M maps; see bank.py.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.model.network import Network, rounded

__all__ = ["MOST", "in_whole_numbers"]

MOST = 32_767  # of a whole number of two bytes
_MOST_SUM = 32_700  # the rest is for rounding, h halves at most, and for the last digits of vectors
_WIDEST = 8  # words of a filter, with more of which the rounded parts of a response would add up to too much
_LENGTHS = 1e-30, 1e30  # of vectors; beyond that single precision has no room for a filter in such units


@np.errstate(over="ignore")  # Predictor checks what comes of it
def in_whole_numbers(network: Network, longest: float) -> Network:
    """The same network with responses in whole numbers; or itself, if its shape or its weights would lose too much.

    Of the mean of responses, and of stages that see those before them, small differences count, too.

    Args:
        network: as it was trained.
        longest: at least the length of each vector that it will see.
    """
    if len(network.filters) > 1 or network.pooling.kind != "max" or network.bank.widest > _WIDEST:
        return network
    if longest and not _LENGTHS[0] < longest < _LENGTHS[1]:
        return network
    units = _units(network, longest)
    bias = np.rint(network.biases[0] / units)
    if not (np.abs(bias) <= MOST).all():
        return network
    (weight, of_outputs), *others = network.layers
    of_slices = np.concatenate([np.tile(units[block.maps], block.width) for block in network.bank.blocks])
    filters: NDArray[np.float32] = np.empty_like(network.filters[0])
    np.divide(network.filters[0], of_slices[:, None], out=filters, casting="same_kind")
    return network._replace(
        filters=(filters,),
        biases=(bias.astype(np.float32),),
        layers=((rounded(weight * units, 1), of_outputs), *others),
        units=units,
    )


def _units(network: Network, longest: float) -> NDArray[np.float64]:
    """What one is worth in the responses of each filter: (M,)."""
    filters = network.filters[0]
    of_filters: list[NDArray[Any]] = [
        np.array([_lengths(filters[block.at(offset)]) for offset in range(block.width)]).sum(axis=0)
        for block in network.bank.blocks
    ]
    units: NDArray[np.float64] = np.concatenate(of_filters) * (longest / _MOST_SUM)
    return np.where(units > 0, units, 1)


def _lengths(slices: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.square(slices, dtype=np.float64).sum(axis=1)))
