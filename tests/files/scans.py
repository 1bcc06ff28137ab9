"""Small scans that look like scans: smooth images, centred k-space."""

import numpy as np

HEADER = """<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><encoding>
<encodedSpace><matrixSize><x>{rows2}</x><y>{columns}</y><z>1</z></matrixSize>
<fieldOfView_mm><x>640</x><y>320</y><z>4.5</z></fieldOfView_mm></encodedSpace>
<reconSpace><matrixSize><x>{rows}</x><y>{crop}</y><z>1</z></matrixSize>
<fieldOfView_mm><x>320</x><y>240</y><z>4.5</z></fieldOfView_mm></reconSpace></encoding></ismrmrdHeader>"""


def header(rows, columns, crop):
    return HEADER.format(rows2=2 * rows, rows=rows, columns=columns, crop=crop)


def image(*shape, seed=0):
    """A complex image (..., y, x): a bright smooth body with fine structure."""
    draw = np.random.default_rng(seed)
    y, x = (np.linspace(-1, 1, n) for n in shape[-2:])
    body = np.exp(-4 * (y[:, None] ** 2 + x**2)) * np.exp(0.4j * y[:, None])
    fine = draw.standard_normal(shape) + 1j * draw.standard_normal(shape)
    return (body * (1 + 0.1 * fine)).astype(np.complex64)


def transform(image):
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, axes=axes), norm="ortho"), axes=axes)


def kspace(*shape, seed=0):
    """Centred k-space (..., y, x) of such images."""
    return transform(image(*shape, seed=seed)).astype(np.complex64)


def unit(maps):
    """Maps of unit root sum of squares."""
    return maps / (abs(maps) ** 2).sum(-3, keepdims=True) ** 0.5
