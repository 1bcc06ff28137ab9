"""k-t SLR of a beating heart: seconds of a whole film, one coil, and how near the truth it comes.

    python benchmarks/kt_slr.py [--size N] [--frames N] [--acceleration R]

Timed as the whole call, normalisation and estimate of the noise included, without Python's imports. The floor is
what every iteration does at the least: one FFT of the film, one inverse FFT, and the product of all frames with all
frames, which singular values come from, and back. The paper of CRNN-MRI reports 451 s for k-t SLR on its CPU:
| Convolutional recurrent neural networks for dynamic MR image reconstruction (Qin et al., 2019), Table I
| https://arxiv.org/abs/1712.01751
"""

import torch

from _row import Row, medians, show
from dealias import Acquisition
from dealias.evaluation.metrics import psnr
from dealias.methods.kt_slr import KtSLR
from dealias.phantoms import heart
from dealias.sampling import kt

PAPER = "the paper of CRNN-MRI reports 451 s on its CPU"


def floor(film: torch.Tensor, iterations: int) -> None:
    """Do the transforms and products of all iterations, and nothing else."""
    frames = film.flatten(1)
    for _ in range(iterations):
        torch.fft.ifft2(torch.fft.fft2(film, norm="ortho"), norm="ortho")
        (frames @ frames.mH) @ frames


@torch.no_grad()
def rows(size: int = 256, frames: int = 30, acceleration: float = 6.0, repetitions: int = 3):
    """Yield the seconds on one thread and on two, with the PSNR of the film.

    Arguments:
        size: rows and columns
    """
    generator = torch.Generator().manual_seed(0)
    film = heart((frames, size, size))
    mask = kt((frames, size, size), acceleration, generator=generator).unsqueeze(-3)
    problem = Acquisition.simulate(film, mask, noise_std=0.001, generator=generator, axes=("time", "y", "x"))
    method = KtSLR()
    what = f"k-t SLR, heart {size} x {size} x {frames}, {acceleration:g}x, {method.iterations} iterations, one coil"
    quality, before = (float(psnr(found, film).mean()) for found in (method(problem), problem.zero_filled))
    note = f"PSNR {quality:.1f} dB, zero-filled {before:.1f} dB; {PAPER}"
    for threads in (1, 2):
        torch.set_num_threads(threads)
        functions = {"ours": lambda: method(problem), "floor": lambda: floor(film, method.iterations)}
        seconds = medians(functions, repetitions)
        name = f"{what}, {threads} thread{'s' * (threads > 1)}"
        yield Row(name, "s", seconds["ours"], floor=seconds["floor"], floor_name="its FFTs and products", note=note)


if __name__ == "__main__":
    show(rows)
