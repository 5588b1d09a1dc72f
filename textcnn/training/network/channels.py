"""The word vectors that come into the network: a trained table, a static one, or both side by side (Kim 2014).

Only the rows of a batch's words are ever handed out, and only those are updated.
"""

import torch
from torch import Tensor

__all__ = ["Channels"]


class Channels:
    """Tables of vectors (V, d): `static` never changes; `trained` starts as a copy of it."""

    def __init__(self, vectors: Tensor, kind: str) -> None:
        self.static = vectors if kind in ("static", "both") else None
        self.trained = vectors.clone() if kind != "static" else None

    @property
    def dimensions(self) -> int:
        """Dimensions of all channels together, D."""
        return sum(table.shape[1] for table in (self.trained, self.static) if table is not None)

    def rows(self, distinct: Tensor) -> Tensor:
        """The vectors of the distinct words, trained ones first: (U,) -> (U, D)."""
        tables = [table[distinct] for table in (self.trained, self.static) if table is not None]
        return torch.cat(tables, dim=1)

    def trained_part(self, gradient: Tensor) -> Tensor:
        """The columns of a gradient of `rows` that belong to the trained table: (U, D) -> (U, d)."""
        assert self.trained is not None
        return gradient[:, : self.trained.shape[1]]
