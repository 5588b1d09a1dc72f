"""How the filters of a bank lie in its arrays."""

from typing import NamedTuple

__all__ = ["Bank"]


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
        """Filters of all widths."""
        return len(self.widths) * self.filters
