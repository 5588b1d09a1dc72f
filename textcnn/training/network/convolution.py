"""Convolution by look-up, exact, with a sparse backward pass.

A filter of width h is h slices, and slice j meets one word at a time, so the response of a window is a sum of h
responses of single words:

    R[u, j, f] = e_u · w_jf                      one product per *distinct* word u
    z[t, f]    = sum_j R[x_{t+j}, j, f]          h additions per token

Under max pooling the gradient of a text reaches one window per filter. It is a short list of triples (word, slice,
value), and both gradients are weighted sums over it, grouped by slice for the filters and by word for the vectors:
nothing of the size of the text is made. Under mean pooling, and between stacked stages, it goes back through all
active windows.

Windows hang over both ends of the text, as in Kim 2014 (a "wide" convolution), so a text of one word has windows of
every width, and an empty text has one empty window. The pre-computation is due to Devlin et al. 2014 (section 3) and
Chen & Manning 2014 (section 3.2), who use it in feed-forward networks.

Shapes: T tokens in B texts, U distinct words, d dimensions, F filters per width, C = sum of h·F slices over the
widths; G texts of similar length with W windows each.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from textcnn.model.bank import Bank
from textcnn.training.network.pooling import kmax_over_time, max_over_time, mean_over_time

__all__ = ["Layout", "convolve", "pool"]


class LengthGroup(NamedTuple):
    """Texts of similar length, side by side, with room for the widest filter at both ends."""

    texts: Tensor  # (G,) numbers of the texts within the batch
    words: Tensor  # (G, margin + longest + margin) rows of R; U stands for "no word"
    starts: Tensor  # (G,) where each text begins in the batch
    lengths: Tensor  # (G,)
    longest: int


class Layout(NamedTuple):
    """A ragged batch, arranged for look-ups."""

    groups: list[LengthGroup]
    texts: int
    margin: int
    distinct: int

    @classmethod
    def arrange(cls, words: Tensor, starts: Tensor, distinct: int, widest: int) -> "Layout":
        """Arrange texts `words[starts[b]:starts[b + 1]]`; no group wastes more than half of its room."""
        lengths = starts.diff()
        order = lengths.argsort(descending=True, stable=True)
        groups, first, margin = [], 0, max(widest - 1, 1)
        ordered = lengths[order].tolist()
        while first < len(ordered):
            longest = ordered[first]
            last = first + 1
            while last < len(ordered) and 2 * ordered[last] >= longest - 4:
                last += 1
            texts = order[first:last]
            place = torch.arange(-margin, longest + margin, device=words.device)
            inside = (place >= 0) & (place < lengths[texts, None])
            position = (starts[texts, None] + place).clamp_(0, max(len(words) - 1, 0))
            found = words[position] if len(words) else position
            framed = torch.where(inside, found, distinct)
            groups.append(LengthGroup(texts, framed, starts[texts], lengths[texts], longest))
            first = last
        return cls(groups, len(ordered), margin, distinct)


def _slices(bank: Bank) -> list[tuple[int, slice]]:
    """Each width with the rows of the weight that hold its slices."""
    found, first = [], 0
    for width in bank.widths:
        found.append((width, slice(first, first + width * bank.filters)))
        first += width * bank.filters
    return found


def _windows(group: LengthGroup, margin: int, width: int) -> Tensor:
    """The words of every window: (G, W, width), W = longest + width - 1, or one empty window."""
    first = margin - (width - 1)
    last = first + max(group.longest + 2 * (width - 1), width)
    return group.words[:, first:last].unfold(1, width, 1)


def _beyond(group: LengthGroup, width: int, windows: int) -> Tensor:
    """Which windows lie wholly beyond the end of their text: (G, W). The first window always counts."""
    place = torch.arange(windows, device=group.words.device)
    return (place >= group.lengths[:, None] + width - 1) & (place > 0)


def _look_up(table: Tensor, windows: Tensor, width: int) -> Tensor:
    """Add up the responses of the words of each window: (U+1, width·F), (G, W, width) -> (G, W, F)."""
    rows = (windows * width + torch.arange(width, device=windows.device)).reshape(-1, width)
    summed = embedding_bag(rows, table.view(-1, table.shape[1] // width), mode="sum")
    return summed.view(*windows.shape[:2], -1)


def _with_empty_word(vectors: Tensor) -> Tensor:
    """Add the row of zeros that stands for "no word": (U, d) -> (U + 1, d)."""
    return torch.nn.functional.pad(vectors, (0, 0, 0, 1))


class _Entries(NamedTuple):
    """A sparse gradient of R: `values[c, i]` belongs to slice c and to word `words[c, i]`."""

    words: Tensor  # (C, entries)
    values: Tensor  # (C, entries)

    def gradients(self, vectors: Tensor, weight: Tensor, need_vectors: bool) -> tuple[Tensor | None, Tensor]:
        """Of the vectors (U + 1, d) and of the weight (C, d)."""
        live = self.values.reshape(-1).nonzero().squeeze(1)
        words, values = self.words.reshape(-1)[live], self.values.reshape(-1)[live]
        per_slice = (self.values != 0).sum(dim=1)
        of_weight = _weighted_sums(words, values, per_slice, vectors)
        if not need_vectors:
            return None, of_weight
        ordered, order = words.to(torch.int32).sort(stable=True)
        per_word = torch.bincount(ordered, minlength=len(vectors))
        slices = live.div(self.words.shape[1], rounding_mode="floor")
        return _weighted_sums(slices[order], values[order], per_word, weight), of_weight


def _weighted_sums(rows: Tensor, weights: Tensor, counts: Tensor, table: Tensor) -> Tensor:
    """Sum weighted rows of the table, `counts[i]` of them for the i-th result."""
    if not len(rows):
        return table.new_zeros(len(counts), table.shape[1])
    offsets = counts.cumsum(0) - counts
    return embedding_bag(rows, table, offsets, mode="sum", per_sample_weights=weights)


class _Pool(torch.autograd.Function):
    """Convolution, bias, ReLU and pooling in one step, because the pooling makes the gradient sparse."""

    @staticmethod
    def forward(
        ctx: Any, vectors: Tensor, weight: Tensor, bias: Tensor, layout: Layout, bank: Bank, pooling: str, k: int
    ) -> Tensor:
        padded = _with_empty_word(vectors)
        slots = {"max": 1, "kmax": k, "mean": 0, "max+mean": 1}[pooling]
        means = pooling in ("mean", "max+mean")
        best = vectors.new_empty(layout.texts, slots, bank.maps)  # (B, S, widths·F)
        mean = vectors.new_empty(layout.texts, int(means), bank.maps)  # (B, 1, widths·F)
        chosen, active = [], []
        for number, (width, rows) in enumerate(_slices(bank)):
            table = padded @ weight[rows].T  # (U + 1, width·F)
            columns = slice(number * bank.filters, (number + 1) * bank.filters)
            for group in layout.groups:
                windows = _windows(group, layout.margin, width)  # (G, W, width)
                responses = _look_up(table, windows, width)  # (G, W, F)
                beyond = _beyond(group, width, windows.shape[1])
                responses.masked_fill_(beyond[:, :, None], -torch.inf)
                if slots:
                    values, places = max_over_time(responses) if slots == 1 else kmax_over_time(responses, k)
                    best[group.texts, :, columns] = values
                    chosen.append(places)
                if means:
                    lit = (responses + bias[columns]).relu_()
                    mean[group.texts, :, columns] = mean_over_time(lit, (~beyond).sum(dim=1))
                    active.append(lit > 0)
        best = (best + bias).relu_()  # monotone: once per filter, after the maximum
        ctx.save_for_backward(padded, weight, best)
        ctx.layout, ctx.bank, ctx.chosen, ctx.active = layout, bank, chosen, active
        return torch.cat([best.flatten(1), mean.flatten(1)], dim=1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        padded, weight, best = ctx.saved_tensors
        layout, bank, slots = ctx.layout, ctx.bank, best.shape[1]
        need_vectors = ctx.needs_input_grad[0]
        split = slots * bank.maps
        of_best = grads[0][:, :split].view_as(best) * (best > 0)  # (B, S, widths·F)
        of_bias = of_best.sum(dim=(0, 1))
        of_vectors, of_weight = None, torch.zeros_like(weight)
        if slots:
            entries = _chosen_entries(layout, bank, ctx.chosen, of_best)
            of_vectors, of_weight = entries.gradients(padded, weight, need_vectors)
        if ctx.active:
            dense = _mean_gradients(layout, bank, ctx.active, grads[0][:, split:], padded, weight, need_vectors)
            of_bias, of_weight = of_bias + dense.bias, of_weight + dense.weight
            of_vectors = _sum(of_vectors, dense.vectors)
        return (None if of_vectors is None else of_vectors[:-1]), of_weight, of_bias, None, None, None, None


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return other if one is None else one if other is None else one + other


def _chosen_entries(layout: Layout, bank: Bank, chosen: Sequence[Tensor], of_best: Tensor) -> _Entries:
    """Spread the gradient of each chosen window over the words in it."""
    words = torch.empty(bank.slices, layout.texts * of_best.shape[1], dtype=torch.int64, device=of_best.device)
    values = of_best.new_empty(words.shape)
    places = iter(chosen)
    for number, (width, rows) in enumerate(_slices(bank)):
        columns = slice(number * bank.filters, (number + 1) * bank.filters)
        first, filled = layout.margin - (width - 1), 0
        for group in layout.groups:
            window = next(places).flatten(1) + first  # (G, S·F) place of the first word of the window
            entries = slice(filled, filled + len(group.texts) * of_best.shape[1])
            value = of_best[group.texts, :, columns].reshape(-1, bank.filters).T  # (F, G·S)
            for offset in range(width):
                inside = (window + offset).clamp_(max=group.words.shape[1] - 1)
                word = group.words.gather(1, inside).view(-1, bank.filters).T
                at = slice(rows.start + offset * bank.filters, rows.start + (offset + 1) * bank.filters)
                words[at, entries], values[at, entries] = word, value
            filled = entries.stop
    return _Entries(words, values)


class _Dense(NamedTuple):
    vectors: Tensor | None
    weight: Tensor
    bias: Tensor


def _scatter(of_table: Tensor, windows: Tensor, of_responses: Tensor) -> None:
    """Undo `_look_up`: give each word of each window the gradient of the window's response."""
    width, filters = windows.shape[2], of_responses.shape[2]
    flat = of_responses.reshape(-1, filters)
    for offset in range(width):
        columns = of_table[:, offset * filters : (offset + 1) * filters]
        columns.index_add_(0, windows[:, :, offset].reshape(-1), flat)


def _mean_gradients(
    layout: Layout,
    bank: Bank,
    active: Sequence[Tensor],
    of_mean: Tensor,
    padded: Tensor,
    weight: Tensor,
    need_vectors: bool,
) -> _Dense:
    of_weight, of_bias = torch.zeros_like(weight), weight.new_zeros(bank.maps)
    of_vectors = torch.zeros_like(padded) if need_vectors else None
    lit = iter(active)
    for number, (width, rows) in enumerate(_slices(bank)):
        of_table = padded.new_zeros(len(padded), width * bank.filters)
        columns = slice(number * bank.filters, (number + 1) * bank.filters)
        for group in layout.groups:
            windows = _windows(group, layout.margin, width)
            count = (~_beyond(group, width, windows.shape[1])).sum(dim=1)
            share = of_mean[group.texts, columns] / count[:, None]  # (G, F)
            of_responses = next(lit) * share[:, None, :]  # (G, W, F)
            of_bias[columns] += of_responses.sum(dim=(0, 1))
            _scatter(of_table, windows, of_responses)
        of_weight[rows] = of_table.T @ padded
        if of_vectors is not None:
            of_vectors += of_table @ weight[rows]
    return _Dense(of_vectors, of_weight, of_bias)


def pool(vectors: Tensor, weight: Tensor, bias: Tensor, layout: Layout, bank: Bank, pooling: str, k: int = 1) -> Tensor:
    """Convolve, add the bias, apply the ReLU and pool over time.

    Args:
        vectors: (U, d), of the distinct words.
        weight: (C, d), the slices of the filters, ordered by width, then place in the window, then filter.
        bias: (widths·F,).
        layout: which words stand where.
        bank: widths and number of filters.
        pooling: `max`, `kmax`, `mean` or `max+mean` (joined).
        k: how many values `kmax` keeps.

    Returns:
        (B, S·widths·F): slot by slot, in each the widths in order; S is 1, k, 1 or 2.
    """
    features: Tensor = _Pool.apply(vectors, weight, bias, layout, bank, pooling, k)
    return features


class _Convolve(torch.autograd.Function):
    """Convolution, bias and ReLU, one window for each token: the maps between two stages."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, weight: Tensor, bias: Tensor, layout: Layout, bank: Bank) -> Tensor:
        padded = _with_empty_word(vectors)
        maps = vectors.new_zeros(sum(int(group.lengths.sum()) for group in layout.groups), bank.maps)  # (T, widths·F)
        for number, (width, rows) in enumerate(_slices(bank)):
            table = padded @ weight[rows].T  # (U + 1, width·F)
            columns = slice(number * bank.filters, (number + 1) * bank.filters)
            for group, inside, tokens in _token_groups(layout):
                responses = _look_up(table, _centred(group, layout.margin, width), width)  # (G, longest, F)
                maps[tokens, columns] = responses[inside] + bias[columns]
        maps.relu_()
        ctx.save_for_backward(padded, weight, maps)
        ctx.layout, ctx.bank = layout, bank
        return maps

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        padded, weight, maps = ctx.saved_tensors
        layout, bank = ctx.layout, ctx.bank
        of_maps = grads[0] * (maps > 0)
        of_weight, of_vectors = torch.zeros_like(weight), torch.zeros_like(padded)
        for number, (width, rows) in enumerate(_slices(bank)):
            of_table = padded.new_zeros(len(padded), width * bank.filters)
            columns = slice(number * bank.filters, (number + 1) * bank.filters)
            for group, inside, tokens in _token_groups(layout):
                of_responses = of_maps.new_zeros(*inside.shape, bank.filters)
                of_responses[inside] = of_maps[tokens, columns]
                _scatter(of_table, _centred(group, layout.margin, width), of_responses)
            of_weight[rows] = of_table.T @ padded
            of_vectors += of_table @ weight[rows]
        return of_vectors[:-1], of_weight, of_maps.sum(dim=0), None, None


def _centred(group: LengthGroup, margin: int, width: int) -> Tensor:
    """One window for each token, which stands in its middle: (G, longest, width)."""
    first = margin - (width - 1) // 2
    return group.words[:, first : first + group.longest + width - 1].unfold(1, width, 1)


def _token_groups(layout: Layout) -> Iterator[tuple[LengthGroup, Tensor, Tensor]]:
    """Each group with which places hold a token, (G, longest), and the tokens' numbers in the batch."""
    for group in layout.groups:
        if group.longest:
            place = torch.arange(group.longest, device=group.words.device)
            inside = place < group.lengths[:, None]
            yield group, inside, (group.starts[:, None] + place)[inside]


def convolve(vectors: Tensor, weight: Tensor, bias: Tensor, layout: Layout, bank: Bank) -> Tensor:
    """Convolve without pooling, one output per token: (U, d) -> (T, widths·F)."""
    maps: Tensor = _Convolve.apply(vectors, weight, bias, layout, bank)
    return maps
