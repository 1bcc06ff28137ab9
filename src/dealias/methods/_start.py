"""Where the steps of a network may begin: at a sparse image, so that it need not learn what sparsity knows."""

from dataclasses import replace

import torch

from dealias.methods.wavelet import Wavelet
from dealias.problem import Problem
from dealias.shapes import Image

ITERATIONS = 20


def sparse_image(problem: Problem) -> Image:
    """Return the image of compressed sensing; no gradient passes it.

    Its lambda comes from what the details of A^H y show, which serves a network better than the noise alone.
    """
    with torch.no_grad():
        return Wavelet(ITERATIONS)(replace(problem, noise_std=None))  # type: ignore[type-var]
