"""Convolution by look-up gives what a dense convolution gives, forwards and backwards."""

import dense
import pytest
import torch
from dense import LENGTHS, POOLINGS, WIDTHS, a_case

from textcnn.model.bank import Bank, Pooling
from textcnn.training.network.convolution import GroupedBatch, convolve, pool


def test_two_words_and_one_filter_by_hand() -> None:
    """Two words, vectors of one number, one filter of width 2 with weights (1, 10) and bias -30.

    The text "a b a", a = 1 and b = 3, has the windows (-, a) (a, b) (b, a) (a, -), where - is no word:
    10, 1 + 30, 3 + 10, 1. The largest is 31, and 31 - 30 = 1; its gradient goes to a in the first place and b in the
    second. The mean after the ReLU is 1 / 4.
    """
    vectors = torch.tensor([[1.0], [3.0]], requires_grad=True)
    weight = torch.tensor([[1.0], [10.0]], requires_grad=True)
    bias = torch.tensor([-30.0], requires_grad=True)
    bank = Bank((2,), 1)
    batch = GroupedBatch.of(torch.tensor([0, 1, 0]), torch.tensor([0, 3]), 2, 2)
    features = pool(vectors, weight, bias, batch, bank, Pooling("max+mean"))
    assert features.tolist() == [[1.0, 0.25]]
    features[0, 0].backward()
    assert vectors.grad is not None and weight.grad is not None and bias.grad is not None
    assert vectors.grad.tolist() == [[1.0], [10.0]]
    assert weight.grad.tolist() == [[1.0], [3.0]]
    assert bias.grad.tolist() == [1.0]


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_equals_a_dense_convolution(widths: tuple[int, ...], pooling: Pooling, lengths: list[int]) -> None:
    case = a_case(widths, lengths)
    ours = pool(*case.inputs, case.batch(), case.bank, pooling)
    theirs = dense.pool(*case.inputs, case.words, case.starts, case.bank, pooling)
    torch.testing.assert_close(ours, theirs)
    upstream = torch.randn_like(ours)
    for mine, reference in zip(
        torch.autograd.grad(ours, case.inputs, upstream),
        torch.autograd.grad(theirs, case.inputs, upstream, materialize_grads=True),
        strict=True,
    ):
        torch.testing.assert_close(mine, reference)


@pytest.mark.parametrize("widths", WIDTHS)
def test_maps_between_stages_equal_a_dense_convolution(widths: tuple[int, ...]) -> None:
    case = a_case(widths, [0, 1, 5, 2, 9])
    ours = convolve(*case.inputs, case.batch(), case.bank)
    theirs = dense.convolve(*case.inputs, case.words, case.starts, case.bank)
    torch.testing.assert_close(ours, theirs)
    upstream = torch.randn_like(ours)
    for mine, reference in zip(
        torch.autograd.grad(ours, case.inputs, upstream),
        torch.autograd.grad(theirs, case.inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, reference)


@pytest.mark.parametrize("seed", range(20))
def test_random_batches_equal_a_dense_convolution(seed: int) -> None:
    torch.manual_seed(1000 + seed)
    lengths = torch.randint(0, 40, (int(torch.randint(1, 30, ())),)).tolist()
    widths = tuple(sorted(torch.randperm(7)[: int(torch.randint(1, 5, ()))].add(1).tolist()))
    pooling = POOLINGS[seed % len(POOLINGS)]
    case = a_case(widths, lengths, seed)
    ours = pool(*case.inputs, case.batch(), case.bank, pooling)
    torch.testing.assert_close(ours, dense.pool(*case.inputs, case.words, case.starts, case.bank, pooling))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_gradients_agree_with_finite_differences(pooling: Pooling) -> None:
    case = a_case((1, 3), [0, 1, 4], filters=2)
    batch = case.batch()
    assert torch.autograd.gradcheck(lambda *inputs: pool(*inputs, batch, case.bank, pooling), case.inputs)


def test_gradients_between_stages_agree_with_finite_differences() -> None:
    case = a_case((2, 3), [0, 1, 4], filters=2)
    batch = case.batch()
    assert torch.autograd.gradcheck(lambda *inputs: convolve(*inputs, batch, case.bank), case.inputs)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_text_does_not_depend_on_its_neighbours(pooling: Pooling) -> None:
    case = a_case((1, 2, 4), [0, 1, 5, 2, 9, 30])
    together = pool(*case.inputs, case.batch(), case.bank, pooling)
    for text, (start, stop) in enumerate(zip(case.starts, case.starts[1:], strict=False)):
        alone = case._replace(words=case.words[start:stop], starts=torch.tensor([0, int(stop - start)]))
        torch.testing.assert_close(pool(*alone.inputs, alone.batch(), case.bank, pooling)[0], together[text])


def test_static_vectors_get_no_gradient() -> None:
    case = a_case((1, 2), [3, 4])
    static = case.vectors.detach()
    pool(static, case.weight, case.bias, case.batch(), case.bank, Pooling("max")).sum().backward()
    assert static.grad is None
    assert case.weight.grad is not None


def test_no_group_wastes_more_than_half_of_its_room() -> None:
    case = a_case((3,), [1, 2, 3, 700, 5, 80, 60, 40, 0])
    for group in case.batch().groups:
        assert int(group.lengths.sum()) * 2 >= group.longest * len(group.lengths) - 4 * len(group.lengths)
