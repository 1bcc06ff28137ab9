"""The images that a training sees."""

import numpy as np
import torch

from dealias.evaluation.metrics import psnr
from dealias.phantoms import head
from dealias.training.images import clean, gather, tiles


def test_gather(tmp_path):
    stack = torch.stack([3 * head((32, 36), seed=seed) for seed in range(2)])
    np.save(tmp_path / "images.npy", stack.numpy())
    plain = gather([str(tmp_path)])
    assert [*plain] == [f"images of {tmp_path}"]
    assert [image.shape for image in plain[f"images of {tmp_path}"]] == [(32, 36)] * 2
    more = gather([str(tmp_path / "images.npy")], denoised=True, phantoms=1)
    assert [len(images) for images in more.values()] == [2, 2, 1]
    assert more["simulated heads"][0].shape == (256, 256)
    for image in [image for images in more.values() for image in images]:
        assert abs(float(image.abs().max()) - 1) < 1e-5


def test_a_clean_copy_is_cleaner(generator):
    truth = head((96, 96), seed=1)
    noisy = truth + 0.03 * torch.randn(96, 96, dtype=torch.complex64, generator=generator)
    assert float(psnr(clean(noisy), truth)) > float(psnr(noisy, truth)) + 1
    assert float(psnr(clean(truth), truth)) > 28


def test_photographs_come_in_tiles():
    found = tiles(128)
    assert len(found) > 100
    for image in found:
        assert max(image.shape) <= 128 and abs(float(image.abs().max()) - 1) < 1e-6
    assert torch.equal(gather([], photographs=True)["tiles of photographs"][0], tiles()[0])
