"""Pooling over time: from the responses of all windows of a text to a fixed number of values per filter.

Shapes: G texts of similar length, W windows, F filters, S slots (values kept per filter). A window that lies beyond
the end of its text responds with -inf and so is never chosen. Ties go to one window, which takes the gradient.

Sources: max over time, Collobert et al. 2011, Kim 2014; k-max with order kept, Kalchbrenner et al. 2014, section 3.3.
"""

import torch
from torch import Tensor

__all__ = ["kmax_over_time", "max_over_time", "mean_over_time"]


def max_over_time(responses: Tensor) -> tuple[Tensor, Tensor]:
    """The largest response of each filter and its window: (G, W, F) -> (G, 1, F) twice."""
    values, windows = responses.max(dim=1, keepdim=True)
    return values, windows


def kmax_over_time(responses: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest responses in the order of the text: (G, W, F) -> (G, k, F) twice; absent ones are -inf."""
    slots = min(k, responses.shape[1])
    ranked = responses.sort(dim=1, descending=True, stable=True).indices  # of equals, the earliest
    windows = ranked[:, :slots].sort(dim=1).values
    values = responses.gather(1, windows)
    if slots < k:
        missing = (0, 0, 0, k - slots)
        values = torch.nn.functional.pad(values, missing, value=-torch.inf)
        windows = torch.nn.functional.pad(windows, missing)
    return values, windows


def mean_over_time(active: Tensor, windows: Tensor) -> Tensor:
    """The mean over the windows that a text has: (G, W, F) after the ReLU, (G,) -> (G, 1, F)."""
    return active.sum(dim=1, keepdim=True) / windows[:, None, None]
