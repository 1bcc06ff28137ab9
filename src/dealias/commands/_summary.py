"""What `dealias info` has to know of k-space, gathered from its slices some at a time."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition
    from dealias.coils.covariance import Covariance
    from dealias.header import Header


@dataclass(frozen=True)
class Summary:
    """A scan without its numbers.

    Arguments:
        shape: of k-space (*batch, [time,] coil, y, x).
        names: of its axes.
        axes: of the image's that make one problem.
        mask: centred, with all its rows and columns.
        noise: the estimated level of each slice and frame.
        told: the noise levels that the file tells.
        central: the share of energy in the middle of k-space.
        smallest: of the sampled magnitudes, as largest is; none where nothing is sampled.
        brightest: of the image's magnitudes.
        swapped: whether the body lies at the corners of the image.
        empty: how many coil images are zero everywhere.
        silent: how many slices and frames are, in all coils.
        uneven: what is to be said of coils of unequal noise, if anything.
        centre: whether the centre of k-space was sampled, which may lie beside the middle of the matrix.
    """

    shape: tuple[int, ...]
    names: tuple[str, ...]
    axes: tuple[str, ...]
    header: "Header"
    maps: bool
    mask: "Tensor"
    noise: float
    told: float | None
    central: float
    smallest: float
    largest: float
    brightest: float
    swapped: bool
    empty: int
    silent: int
    uneven: str
    centre: bool

    @classmethod
    def of(cls, parts: "Iterable[Acquisition]") -> "Summary":
        """Return what parts of a scan, slices that follow each other, make together."""
        import torch

        from dealias.centring_check import quadrants_swapped
        from dealias.coils.covariance import Covariance
        from dealias.coils.whiten import complaint
        from dealias.files.axes import axes_of

        others = iter(parts)
        first = next(others)
        looks = [_Look.at(part) for part in chain([first], others)]
        energy = math.fsum(look.energy for look in looks)
        central = math.fsum(look.central * look.energy for look in looks) / energy if energy else 0.0
        body = torch.stack([look.body for look in looks]).sum(0).sqrt()
        told = [look.told for look in looks if look.told is not None]
        masks = [look.mask for look in looks]
        lead = first.kspace.ndim > len(first.axes) + 1
        noise, samples = (Covariance.sum(one) for one in zip(*(look.covariances for look in looks), strict=True))
        count = sum(look.count for look in looks)
        return cls(
            shape=(count, *first.kspace.shape[1:]) if lead else tuple(first.kspace.shape),
            names=axes_of(first),
            axes=first.axes,
            header=first.header,
            maps=first.maps is not None,
            mask=torch.cat(masks) if len(masks) > 1 else masks[0],
            noise=float(torch.cat([look.noise for look in looks]).median()),
            told=float(torch.cat(told).median()) if told else None,
            central=central,
            smallest=min(look.smallest for look in looks),
            largest=max(look.largest for look in looks),
            brightest=max(look.brightest for look in looks),
            swapped=quadrants_swapped(body),
            empty=sum(look.empty for look in looks),
            silent=sum(look.silent for look in looks),
            uneven=complaint(noise, lambda: samples),
            centre=all(look.centre for look in looks),
        )

    @property
    def coils(self) -> int:
        """How many coils measured."""
        return self.shape[-3]

    @property
    def acceleration(self) -> float:
        """Grid points per sampled point, of the problems that have samples; infinite for an empty mask."""
        from dealias.acquisition import acceleration, shares

        return acceleration(shares(self.mask, self.axes))


@dataclass(frozen=True)
class _Look:
    """One part; as in `Summary`, and its energy, that of its images (y, x), and how many slices it is."""

    count: int
    mask: "Tensor"
    noise: "Tensor"
    told: "Tensor | None"
    energy: float
    central: float
    smallest: float
    largest: float
    brightest: float
    body: "Tensor"
    empty: int
    silent: int
    covariances: "tuple[Covariance, Covariance]"  # of the noise, of all samples
    centre: bool

    @classmethod
    def at(cls, scan: "Acquisition") -> "_Look":
        """Return the look at a part of a scan."""
        import torch

        from dealias.centring_check import central_share
        from dealias.coils.covariance import Covariance
        from dealias.coils.whiten import outer_noise
        from dealias.noise import estimate_noise

        size = scan.kspace.abs()
        straight, _ = scan.without_linear_phase()
        sampled = size[scan.mask.expand(size.shape)]
        images = scan.root_sum_of_squares
        mask = scan.centred_mask
        return cls(
            count=len(scan.kspace),
            mask=mask.expand(*_lead(scan, mask), *mask.shape[-3:-2], *scan.shape[-2:]),
            noise=estimate_noise(scan).flatten(),
            told=None if scan.noise_std is None else scan.noise_std.flatten(),
            energy=float(torch.linalg.vector_norm(size, dtype=torch.float64).square()),
            central=central_share(scan.centred_kspace) if bool(size.any()) else 0.0,
            smallest=float(sampled.min()) if len(sampled) else math.inf,
            largest=float(sampled.max()) if len(sampled) else -math.inf,
            brightest=float(images.max()),
            body=images.reshape(-1, *images.shape[-2:]).double().square().sum(0),
            empty=int((size == 0).all(-1).all(-1).sum()),
            silent=int((size == 0).flatten(-3).all(-1).sum()),
            covariances=(outer_noise(scan), Covariance.of_all(scan.kspace)),
            centre=bool((straight.mask[..., 0, 0] | ~straight.mask.flatten(-2).any(-1)).all()),
        )


def _lead(scan: "Acquisition", mask: "Tensor") -> tuple[int, ...]:
    """Return the leading axes of a part's mask: parts are put one after the other along the first."""
    lead = tuple(mask.shape[:-3])
    return (len(scan.kspace), *lead[1:]) if scan.kspace.ndim > len(scan.axes) + 1 else lead
