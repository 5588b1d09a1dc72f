"""The layout of a bank of filters: which row or column of its arrays belongs to which filter. Known here alone.

A bank has F filters of each of its widths. A filter of width h is h slices, one for each offset in its window: slice j
meets the j-th word of the window. Four kinds of arrays have a row or a column for each slice, map or feature:

    filters   (C, d)     the slices: width by width, in each offset by offset, in each filter by filter
    table     (U, C)     the responses of words to slices, in the same order
    bias      (M,)       the maps, one for each filter: width by width, in each filter by filter
    features  (B, S·M)   what pooling makes of the maps: slot by slot, in each map by map

    C = F · (sum of the widths)    M = F · (number of widths)    S = 1 for max and mean, 2 for max+mean, k for kmax,
                                                                 and one more for how texts begin

An example, two filters of width 1 (a, b) and two of width 2 (c, d), with max+mean pooling:

    slices    a0 b0 | c0 d0 c1 d1                                         C = 6
    maps      a b | c d                                                   M = 4
    features  max: a b | c d,  mean: a b | c d                            S·M = 8

So the slices of a width are, as an array, (h, F, d): offset, filter, dimension. What goes through a bank takes it width
by width, as `Bank.blocks` has them. The compiled loops do so by counting: a width's block begins where the last ends.

Not here: how responses come about (training/network/convolution.py says it, model/network.py does it for answers).
"""

from typing import NamedTuple

__all__ = ["Bank", "FilterBlock", "Pooling"]


class Pooling(NamedTuple):
    """How the maps of a text become features: `kind` as in the settings, and how many values kmax keeps.

    A mean can have another beside it, of so many windows with which a text begins. A maximum can go piece by piece:
    that of a long text is the mean of the maxima of its pieces, of about so many words each.
    """

    kind: str
    k: int = 1
    opening: int = 0
    piece: int = 0

    @property
    def kept(self) -> int:
        """How many of a map's values are kept as they are: these slots come first."""
        return {"mean": 0, "kmax": self.k}.get(self.kind, 1)

    @property
    def has_mean(self) -> bool:
        """Whether the slot after those is the mean of the map after the ReLU."""
        return self.kind in ("mean", "max+mean")

    @property
    def slots(self) -> int:
        """Features of each map, S."""
        return self.kept + self.has_mean + (self.opening > 0)


class FilterBlock(NamedTuple):
    """The filters of one width, and where they lie among those of all widths."""

    width: int
    slices: slice  # among the C slices: h·F of them
    maps: slice  # among the M maps: F of them

    @property
    def filters(self) -> int:
        """How many there are, F."""
        return int(self.maps.stop - self.maps.start)

    def at(self, offset: int) -> slice:
        """The F slices, among all C, that meet the word at this offset of a window."""
        first = self.slices.start + offset * self.filters
        return slice(first, first + self.filters)


class Bank(NamedTuple):
    """What a bank of filters is, apart from its weights: `filters` of each of the `widths`."""

    widths: tuple[int, ...]
    filters: int

    @property
    def slices(self) -> int:
        """Slices of all filters, C."""
        return sum(self.widths) * self.filters

    @property
    def maps(self) -> int:
        """Filters of all widths, M."""
        return len(self.widths) * self.filters

    @property
    def widest(self) -> int:
        """The greatest width: how far beyond a text its windows can reach, and one more."""
        return max(self.widths)

    @property
    def blocks(self) -> tuple[FilterBlock, ...]:
        """The filters of each width, in the order of the widths."""
        blocks, slices = [], 0
        for number, width in enumerate(self.widths):
            maps = number * self.filters
            stop = slices + width * self.filters
            blocks.append(FilterBlock(width, slice(slices, stop), slice(maps, maps + self.filters)))
            slices = stop
        return tuple(blocks)

    def features(self, pooling: Pooling) -> int:
        """Features of each text, S·M."""
        return pooling.slots * self.maps

    def groups(self, pooling: Pooling) -> list[slice]:
        """The columns of features (B, S·M) in groups of the same slot and width, F in each."""
        starts = range(0, self.features(pooling), self.filters)
        return [slice(start, start + self.filters) for start in starts]
