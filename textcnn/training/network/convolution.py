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

Shapes: T tokens in B texts, U distinct words, d dimensions; C slices and M maps of a bank, F filters of each width,
S slots of a pooling, laid out as model/bank.py says; G texts of similar length with W windows each.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from textcnn.model.bank import Bank, FilterBlock, Pooling
from textcnn.training.network.pooling import kmax_over_time, max_over_time, mean_over_time

__all__ = ["GroupedBatch", "convolve", "pool"]


class LengthGroup(NamedTuple):
    """Texts of similar length, side by side, with room for the widest filter at both ends."""

    texts: Tensor  # (G,) numbers of the texts within the batch
    words: Tensor  # (G, margin + longest + margin) rows of R; U stands for "no word"
    starts: Tensor  # (G,) where each text begins in the batch
    lengths: Tensor  # (G,)
    longest: int


class GroupedBatch(NamedTuple):
    """A ragged batch as groups of texts of similar length."""

    groups: list[LengthGroup]
    texts: int
    margin: int  # places without a word at both ends of each text

    @classmethod
    def of(cls, words: Tensor, starts: Tensor, distinct: int, widest: int) -> "GroupedBatch":
        """Group texts `words[starts[b]:starts[b + 1]]`; no group wastes more than half of its room.

        Args:
            words: (T,) rows of R, below `distinct`.
            starts: (B + 1,).
            distinct: how many words there are, U.
            widest: the width of the widest filter.
        """
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
            position = torch.arange(-margin, longest + margin, device=words.device)
            inside = (position >= 0) & (position < lengths[texts, None])
            token = (starts[texts, None] + position).clamp_(0, max(len(words) - 1, 0))
            padded = torch.where(inside, words[token] if len(words) else token, distinct)
            groups.append(LengthGroup(texts, padded, starts[texts], lengths[texts], longest))
            first = last
        return cls(groups, len(ordered), margin)


def _windows(group: LengthGroup, margin: int, width: int) -> Tensor:
    """The words of every window: (G, W, h), W = longest + h - 1, or one empty window."""
    first = margin - (width - 1)
    last = first + max(group.longest + 2 * (width - 1), width)
    return group.words[:, first:last].unfold(1, width, 1)


def _beyond(group: LengthGroup, width: int, windows: int) -> Tensor:
    """Which windows lie wholly beyond the end of their text: (G, W). The first window always counts."""
    window = torch.arange(windows, device=group.words.device)
    return (window >= group.lengths[:, None] + width - 1) & (window > 0)


def _responses_of_words(padded: Tensor, weight: Tensor, block: FilterBlock) -> Tensor:
    """R for the filters of one width: (U + 1, d), (C, d) -> (U + 1, h, F)."""
    return (padded @ weight[block.slices].T).view(len(padded), block.width, block.filters)


def _look_up(table: Tensor, windows: Tensor) -> Tensor:
    """Add up the responses of the words of each window: (U + 1, h, F), (G, W, h) -> (G, W, F)."""
    _, width, filters = table.shape
    rows = (windows * width + torch.arange(width, device=windows.device)).reshape(-1, width)
    summed = embedding_bag(rows, table.view(-1, filters), mode="sum")
    return summed.view(*windows.shape[:2], filters)


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
        ctx: Any, vectors: Tensor, weight: Tensor, bias: Tensor, batch: GroupedBatch, bank: Bank, pooling: Pooling
    ) -> Tensor:
        padded = _with_empty_word(vectors)
        best = vectors.new_empty(batch.texts, pooling.kept, bank.maps)  # (B, kept, M)
        mean = vectors.new_empty(batch.texts, int(pooling.has_mean), bank.maps)  # (B, 1, M), or (B, 0, M)
        chosen, active = [], []
        for block in bank.blocks:
            table = _responses_of_words(padded, weight, block)  # (U + 1, h, F)
            for group in batch.groups:
                windows = _windows(group, batch.margin, block.width)  # (G, W, h)
                responses = _look_up(table, windows)  # (G, W, F)
                beyond = _beyond(group, block.width, windows.shape[1])
                responses.masked_fill_(beyond[:, :, None], -torch.inf)
                if pooling.kept:
                    values, places = _kept_over_time(responses, pooling)
                    best[group.texts, :, block.maps] = values
                    chosen.append(places)
                if pooling.has_mean:
                    lit = (responses + bias[block.maps]).relu_()
                    mean[group.texts, :, block.maps] = mean_over_time(lit, (~beyond).sum(dim=1))
                    active.append(lit > 0)
        best = (best + bias).relu_()  # monotone: once per filter, after the maximum
        ctx.save_for_backward(padded, weight, best)
        ctx.batch, ctx.bank, ctx.chosen, ctx.active = batch, bank, chosen, active
        return torch.cat([best.flatten(1), mean.flatten(1)], dim=1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        padded, weight, best = ctx.saved_tensors
        batch, bank, kept = ctx.batch, ctx.bank, best.shape[1]
        need_vectors = ctx.needs_input_grad[0]
        split = kept * bank.maps
        of_best = grads[0][:, :split].view_as(best) * (best > 0)  # (B, kept, M)
        of_bias = of_best.sum(dim=(0, 1))
        of_vectors, of_weight = None, torch.zeros_like(weight)
        if kept:
            entries = _chosen_entries(batch, bank, ctx.chosen, of_best)
            of_vectors, of_weight = entries.gradients(padded, weight, need_vectors)
        if ctx.active:
            dense = _mean_gradients(batch, bank, ctx.active, grads[0][:, split:], padded, weight, need_vectors)
            of_bias, of_weight = of_bias + dense.bias, of_weight + dense.weight
            of_vectors = _sum(of_vectors, dense.vectors)
        return (None if of_vectors is None else of_vectors[:-1]), of_weight, of_bias, None, None, None


def _kept_over_time(responses: Tensor, pooling: Pooling) -> tuple[Tensor, Tensor]:
    """The values that max or k-max pooling keeps, and their windows: (G, W, F) -> (G, kept, F) twice."""
    return max_over_time(responses) if pooling.kept == 1 else kmax_over_time(responses, pooling.kept)


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return other if one is None else one if other is None else one + other


def _chosen_entries(batch: GroupedBatch, bank: Bank, chosen: Sequence[Tensor], of_best: Tensor) -> _Entries:
    """Spread the gradient of each chosen window over the words in it."""
    words = torch.empty(bank.slices, batch.texts * of_best.shape[1], dtype=torch.int64, device=of_best.device)
    values = of_best.new_empty(words.shape)
    places = iter(chosen)
    for block in bank.blocks:
        first, filled = batch.margin - (block.width - 1), 0
        for group in batch.groups:
            window = next(places).flatten(1) + first  # (G, kept·F) place of the first word of the window
            entries = slice(filled, filled + len(group.texts) * of_best.shape[1])
            value = of_best[group.texts, :, block.maps].reshape(-1, block.filters).T  # (F, G·kept)
            for offset in range(block.width):
                inside = (window + offset).clamp_(max=group.words.shape[1] - 1)
                word = group.words.gather(1, inside).view(-1, block.filters).T
                words[block.at(offset), entries], values[block.at(offset), entries] = word, value
            filled = entries.stop
    return _Entries(words, values)


class _Dense(NamedTuple):
    """A gradient that goes back through all active windows."""

    vectors: Tensor | None  # (U + 1, d)
    weight: Tensor  # (C, d)
    bias: Tensor  # (M,)


def _scatter(of_table: Tensor, windows: Tensor, of_responses: Tensor) -> None:
    """Undo `_look_up`: give each word of each window the gradient of the window's response."""
    flat = of_responses.reshape(-1, of_responses.shape[2])
    for offset in range(windows.shape[2]):
        of_table[:, offset].index_add_(0, windows[:, :, offset].reshape(-1), flat)


def _mean_gradients(
    batch: GroupedBatch,
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
    for block in bank.blocks:
        of_table = padded.new_zeros(len(padded), block.width, block.filters)
        for group in batch.groups:
            windows = _windows(group, batch.margin, block.width)
            count = (~_beyond(group, block.width, windows.shape[1])).sum(dim=1)
            share = of_mean[group.texts, block.maps] / count[:, None]  # (G, F)
            of_responses = next(lit) * share[:, None, :]  # (G, W, F)
            of_bias[block.maps] += of_responses.sum(dim=(0, 1))
            _scatter(of_table, windows, of_responses)
        of_weight[block.slices] = of_table.flatten(1).T @ padded
        if of_vectors is not None:
            of_vectors += of_table.flatten(1) @ weight[block.slices]
    return _Dense(of_vectors, of_weight, of_bias)


def pool(vectors: Tensor, weight: Tensor, bias: Tensor, batch: GroupedBatch, bank: Bank, pooling: Pooling) -> Tensor:
    """Convolve, add the bias, apply the ReLU and pool over time.

    Args:
        vectors: (U, d), of the distinct words.
        weight: (C, d), the slices of the filters.
        bias: (M,).
        batch: which words stand where.
        bank: widths and number of filters.
        pooling: what is kept of each map.

    Returns:
        (B, S·M).
    """
    features: Tensor = _Pool.apply(vectors, weight, bias, batch, bank, pooling)
    return features


class _Convolve(torch.autograd.Function):
    """Convolution, bias and ReLU, one window for each token: the maps between two stages."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, weight: Tensor, bias: Tensor, batch: GroupedBatch, bank: Bank) -> Tensor:
        padded = _with_empty_word(vectors)
        maps = vectors.new_zeros(sum(int(group.lengths.sum()) for group in batch.groups), bank.maps)  # (T, M)
        for block in bank.blocks:
            table = _responses_of_words(padded, weight, block)  # (U + 1, h, F)
            for group, inside, tokens in _token_groups(batch):
                responses = _look_up(table, _centred(group, batch.margin, block.width))  # (G, longest, F)
                maps[tokens, block.maps] = responses[inside] + bias[block.maps]
        maps.relu_()
        ctx.save_for_backward(padded, weight, maps)
        ctx.batch, ctx.bank = batch, bank
        return maps

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        padded, weight, maps = ctx.saved_tensors
        batch, bank = ctx.batch, ctx.bank
        of_maps = grads[0] * (maps > 0)
        of_weight, of_vectors = torch.zeros_like(weight), torch.zeros_like(padded)
        for block in bank.blocks:
            of_table = padded.new_zeros(len(padded), block.width, block.filters)
            for group, inside, tokens in _token_groups(batch):
                of_responses = of_maps.new_zeros(*inside.shape, block.filters)
                of_responses[inside] = of_maps[tokens, block.maps]
                _scatter(of_table, _centred(group, batch.margin, block.width), of_responses)
            of_weight[block.slices] = of_table.flatten(1).T @ padded
            of_vectors += of_table.flatten(1) @ weight[block.slices]
        return of_vectors[:-1], of_weight, of_maps.sum(dim=0), None, None


def _centred(group: LengthGroup, margin: int, width: int) -> Tensor:
    """One window for each token, which stands in its middle: (G, longest, h)."""
    first = margin - (width - 1) // 2
    return group.words[:, first : first + group.longest + width - 1].unfold(1, width, 1)


def _token_groups(batch: GroupedBatch) -> Iterator[tuple[LengthGroup, Tensor, Tensor]]:
    """Each group with which places hold a token, (G, longest), and the tokens' numbers in the batch."""
    for group in batch.groups:
        if group.longest:
            position = torch.arange(group.longest, device=group.words.device)
            inside = position < group.lengths[:, None]
            yield group, inside, (group.starts[:, None] + position)[inside]


def convolve(vectors: Tensor, weight: Tensor, bias: Tensor, batch: GroupedBatch, bank: Bank) -> Tensor:
    """Convolve without pooling, one output per token: (U, d) -> (T, M)."""
    maps: Tensor = _Convolve.apply(vectors, weight, bias, batch, bank)
    return maps
