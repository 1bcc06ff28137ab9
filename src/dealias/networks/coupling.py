"""The two layers of a spline flow: channels mixed by a matrix, and half of them bent by splines that the rest choose.

    y = L U x + b at every pixel,  log |det| = pixels * sum log diag U
    y_1 = x_1,  y_2 = spline(x_2; network(x_1))

| Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma and Dhariwal, 2018), section 3.2
| https://arxiv.org/abs/1807.03039
| Neural Spline Flows (Durkan et al., 2019), section 3 and appendix B.3 | https://arxiv.org/abs/1906.04032
"""

import torch
from torch import Tensor, nn

from dealias.networks.spline import inverse_spline, parameters_of, spline
from dealias.shapes import Channels


class Mixing(nn.Module):
    """An invertible 1x1 convolution that begins by reversing the channels.

    Its bias and the diagonal of U are the activation norm of the papers, which has a layer of its own there.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.lower = nn.Parameter(torch.zeros(channels, channels))
        self.upper = nn.Parameter(torch.zeros(channels, channels))
        self.size = nn.Parameter(torch.zeros(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Channels) -> tuple[Channels, Tensor]:
        """Return the mixed channels, and the logarithm of the determinant, of every problem alike."""
        lower, upper = self._triangles()
        with torch.autocast(x.device.type, enabled=False):  # an image that is rounded has another density
            y = torch.einsum("ij,njyx->niyx", lower @ upper, x.flip(1)) + self.shift[:, None, None]
        return y, x.shape[-2:].numel() * self.size.sum()

    def inverse(self, y: Channels) -> tuple[Channels, Tensor]:
        """Return the channels before they were mixed, and the determinant of the way forwards."""
        lower, upper = self._triangles()
        unit = torch.eye(len(self.size), dtype=y.dtype, device=y.device)
        matrix = torch.linalg.solve_triangular(
            upper, torch.linalg.solve_triangular(lower, unit, upper=False, unitriangular=True), upper=True
        )
        with torch.autocast(y.device.type, enabled=False):
            x = torch.einsum("ij,njyx->niyx", matrix, y - self.shift[:, None, None]).flip(1)
        return x, y.shape[-2:].numel() * self.size.sum()

    def _triangles(self) -> tuple[Tensor, Tensor]:
        unit = torch.eye(len(self.size), dtype=self.size.dtype, device=self.size.device)
        return self.lower.tril(-1) + unit, self.upper.triu(1) + self.size.exp().diag()


class Coupling(nn.Module):
    """Splines of the second half of the channels, their parameters chosen by a network that sees the first.

    Arguments:
        channels: two or more.
        features: channels of the network: two 3x3 convolutions and one of 1x1, where the papers have residual blocks.
        bins: of each spline.
    """

    def __init__(self, channels: int, features: int, bins: int) -> None:
        super().__init__()
        self.kept, self.bent = channels // 2, channels - channels // 2
        last = nn.Conv2d(features, self.bent * parameters_of(bins), 1)
        nn.init.uniform_(last.weight, -1e-3, 1e-3)  # begins near the identity
        last.bias.data.zero_()  # type: ignore[union-attr]
        self.network = nn.Sequential(
            nn.Conv2d(self.kept, features, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(features, features, 3, padding=1),
            nn.ReLU(),
            last,
        )

    def forward(self, x: Channels) -> tuple[Channels, Tensor]:
        """Return the channels, and the logarithm of the determinant of each problem."""
        kept, bent = x[:, : self.kept], x[:, self.kept :]
        y, slopes = spline(bent, self._splines(kept))
        return torch.cat((kept, y), 1), slopes.flatten(1).sum(1)

    def inverse(self, y: Channels) -> tuple[Channels, Tensor]:
        """Return the channels before they were bent, and the determinant of the way forwards."""
        kept, bent = y[:, : self.kept], y[:, self.kept :]
        x, slopes = inverse_spline(bent, self._splines(kept))
        return torch.cat((kept, x), 1), slopes.flatten(1).sum(1)

    def _splines(self, kept: Channels) -> Tensor:
        """Return the parameters (problem, parameter, channel, y, x)."""
        return self.network(kept).to(kept.dtype).unflatten(1, (-1, self.bent))
