"""The structure of the last step's magnitude counts, as variational networks learn.

    1 - SSIM(|x_T|, |x|),  windows of 7 x 7, k1 = 0.01, k2 = 0.03, the range that of |x|

| End-to-End Variational Networks for Accelerated MRI Reconstruction (Sriram et al., 2020)
| https://arxiv.org/abs/2004.06688
"""

from collections.abc import Iterable

from torch import Tensor

from dealias.evaluation import metrics
from dealias.shapes import Image
from dealias.training.example import Example


def ssim(estimates: Iterable[Image], example: Example) -> Tensor:
    """Return what the structural similarity of the last estimate lacks to one."""
    *_, last = estimates
    return 1 - metrics.ssim(last, example.truth).mean()
