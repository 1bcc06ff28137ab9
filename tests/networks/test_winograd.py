"""Winograd's minimal filtering: sums of plain convolutions, of any size, and only where it may and where it pays."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from dealias.networks import winograd
from dealias.networks.winograd import CHANNELS, PIXELS, convolved, minimal


def layer(inputs, outputs, bias=True):
    torch.manual_seed(inputs)
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)


def largest_difference(x, wanted):
    return float((x - wanted).abs().max() / wanted.abs().max())


@pytest.fixture
def counted(monkeypatch):
    """The terms that went the fast way."""
    terms = []
    monkeypatch.setattr(winograd, "minimal", lambda *given: terms.extend(given) or minimal(*given))
    return terms


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (5, 3), (8, 4), (17, 30), (9, 300), (70, 66)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@torch.no_grad()
def test_the_sum_of_convolutions(size, layout):
    """Of any size, images and channels, in blocks of several strips or one, with a bias or none."""
    layers = layer(5, 7), layer(8, 7, bias=False), layer(3, 7)
    inputs = [torch.randn(2, conv.in_channels, *size).to(memory_format=layout) for conv in layers]
    for count in (1, 2, 3):
        terms = list(zip(layers, inputs, strict=True))[:count]
        wanted = sum(conv.double()(x.double()) for conv, x in terms)
        result = minimal(*((conv.float(), x) for conv, x in terms))
        assert result.is_contiguous(memory_format=torch.channels_last) and result.dtype == torch.float32
        assert largest_difference(result, wanted) < 2e-5


@torch.no_grad()
def test_it_rounds_little():
    """With 64 channels and a ReLU's output, as in the CRNN."""
    conv, x = layer(64, 64), torch.randn(1, 64, 64, 64).relu()
    assert largest_difference(minimal((conv, x)), conv.double()(x.double())) < 1e-5


@torch.no_grad()
def test_what_pays_is_fast_and_the_rest_is_added(counted):
    wide, narrow = layer(CHANNELS, CHANNELS), layer(2, CHANNELS, bias=False)
    x, y = torch.randn(1, CHANNELS, PIXELS, PIXELS), torch.randn(1, 2, PIXELS, PIXELS)
    assert largest_difference(convolved((narrow, y), (wide, x)), narrow(y) + wide(x)) < 1e-5
    assert [term[0] for term in counted] == [wide]


@torch.no_grad()
def test_elsewhere_it_is_the_plain_convolution(counted):
    conv, x = layer(CHANNELS, CHANNELS), torch.randn(1, CHANNELS, PIXELS, PIXELS)
    small, large = x[..., 1:], nn.Conv2d(CHANNELS, CHANNELS, 5, padding=2)
    assert torch.equal(convolved((conv, small)), conv(small))
    grouped = nn.Conv2d(2 * CHANNELS, CHANNELS, 3, padding=1, groups=2)
    around = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, padding_mode="circular")
    for other, seen in ((large, x), (grouped, torch.cat((x, x), 1)), (around, x)):
        assert torch.equal(convolved((other, seen)), other(seen))
    assert convolved((conv.double(), x.double())).dtype == torch.float64
    with torch.autocast("cpu", torch.bfloat16):
        assert convolved((conv.float(), x)).dtype == torch.bfloat16
    assert not counted


@torch.no_grad()
def test_threads_share_the_work_and_are_given_back():
    conv, x = layer(6, 6), torch.randn(2, 6, 40, 400)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 3, 2):
            torch.set_num_threads(threads)
            results.append(minimal((conv, x)))
            assert torch.get_num_threads() == threads
            with ThreadPoolExecutor(1) as new:
                assert new.submit(torch.get_num_threads).result() == threads
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize("threads", [1, 2])
def test_inference_mode_reaches_every_thread(threads):
    """It is a thread's own, and validations of a training run in it."""
    conv, x = layer(6, 6), torch.randn(2, 6, 40, 400)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            assert largest_difference(minimal((conv, x)), conv(x)) < 1e-5
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@torch.no_grad()
def test_a_forked_process_has_workers_of_its_own():
    winograd._workers(2).submit(len, ()).result()
    pipe = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.write(pipe[1], winograd._workers(2).submit(str, "alive").result(20).encode())
        finally:
            os._exit(0)
    os.close(pipe[1])
    os.waitpid(child, 0)
    assert os.read(pipe[0], 10) == b"alive"


def test_gradients_pass(counted):
    conv, x = layer(CHANNELS, CHANNELS), torch.randn(1, CHANNELS, PIXELS, PIXELS, requires_grad=True)
    convolved((conv, x), (conv, x)).sum().backward()
    assert x.grad is not None and conv.weight.grad is not None and not counted


@torch.no_grad()
def test_an_image_does_not_know_its_neighbours():
    conv, x = layer(6, 6), torch.randn(3, 6, 21, 21)
    assert largest_difference(minimal((conv, x))[1:2], minimal((conv, x[1:2]))) < 1e-5
