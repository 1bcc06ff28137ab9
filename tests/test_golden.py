"""Every method makes of fixed scans what it made when it was last looked at (golden.py).

In double precision, to 1e-6 of the image's maximum on any machine. Rounding otherwise is 1e-16 of the maximum, and no
method here enlarges a change of its data, or of the parameters that PyTorch's seed draws, by more than 500 (the U-Net
with its random weights; the others by less than 4); the recorded images are single, 5e-8 away. So what fails here
computes something else.

In single precision, as a user's run, to 1e-4: orders of summation and other ways to convolve differ from machine to
machine. Here the farthest is the U-Net with 1.4e-5, then the CRNN's conjugate gradients with 9e-6, others below 4e-6.
"""

import pytest
import torch
from safetensors.torch import load_file

import golden

IMAGES = load_file(golden.FILE)


def distance(image, recorded):
    """The largest difference, of the largest magnitude recorded."""
    return float((image - recorded).abs().max() / recorded.abs().max())


def test_every_method_is_recorded():
    assert sorted(IMAGES) == sorted(golden.keys()), "run python tests/golden.py"
    assert golden.FILE.stat().st_size < 600_000


@pytest.mark.parametrize("subject", golden.subjects())
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-6), ("float32", 1e-4)])
def test_images_are_as_before(subject, precision, tolerance):
    for scan in golden.scans(subject):
        recorded = IMAGES[golden.key(subject, scan)]
        image = golden.image(subject, scan, precision)
        assert image.shape == recorded.shape
        assert distance(image, recorded) < tolerance, f"{scan}; wrong before? python tests/golden.py {subject}"


def test_a_small_change_of_a_method_is_seen(monkeypatch):
    sense = golden.make("sense")
    monkeypatch.setattr(golden, "make", lambda subject: sense)
    scan = golden.IMAGES[1]
    sense.iterations += 1
    changed = golden.image("sense", scan)
    assert distance(changed, IMAGES[golden.key("sense", scan)]) > 1e-3
    assert torch.isfinite(torch.view_as_real(changed)).all()
