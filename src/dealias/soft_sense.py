"""Several sets of coil maps as a problem: where the field of view wraps, a pixel holds two places of the body.

    y = M F sum_s S_s x_s + noise

| ESPIRiT, an eigenvalue approach to autocalibrating parallel MRI (Uecker et al., 2014), the section of soft SENSE
| https://doi.org/10.1002/mrm.24751

Each of the two places is seen by the coils in its own way: one set of maps cannot tell both, and leaves ghosts.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils.espirit import espirit_sets
from dealias.header import Header
from dealias.linear_phase import without_linear_phase
from dealias.operators.soft_sense import SumOfSets
from dealias.problem import Problem
from dealias.root_sum_of_squares import root_sum_of_squares
from dealias.shapes import Image, Kspace, Mask, Sets, SetsOfMaps


@dataclass(frozen=True, eq=False, repr=False)
class SoftSense(Problem):
    """A scan seen through several sets of maps, in FFT order inside; `SoftSense.of` is how a user makes one.

    Arguments:
        kspace: complex (*batch, coil, y, x), zero where nothing was sampled; each frame of a film is a problem.
        mask: True where sampled; as many axes as k-space, size 1 where shared.
        maps: (*batch, set, coil, y, x), of each set of unit root sum of squares or zero.
        noise_std: standard deviation of the real part of one sample, as many axes as k-space; None where unknown.
    """

    kspace: Kspace
    mask: Mask
    maps: SetsOfMaps
    noise_std: Tensor | None = None
    header: Header = Header()
    axes: tuple[str, ...] = ("set", "y", "x")

    @classmethod
    def of(cls, scan: Acquisition, sets: int = 2) -> "SoftSense":
        """Return the problem of a scan of several coils, its maps estimated by ESPIRiT.

        Raises:
            UserError: where fewer coils than sets, or too small a centre of k-space, were measured.
        """
        return cls(scan.kspace, scan.mask, espirit_sets(scan, sets), scan.noise_std, scan.header)

    @property
    def data(self) -> Tensor:
        """The k-space."""
        return self.kspace

    @cached_property
    def operator(self) -> SumOfSets:
        """From the images of all sets to k-space."""
        return SumOfSets(self.mask, self.maps)

    @property
    def spatial(self) -> int:
        """Two: an image of one set tells nothing of another's."""
        return 2

    @property
    def support(self) -> Tensor:
        """Where each set has maps (*batch, set, y, x)."""
        return (self.maps != 0).any(-3)

    def scaled(self, factor: Tensor) -> "SoftSense":
        """Return the problem whose solution is `factor` times this one's; factor (*batch, 1, 1, 1)."""
        noise = None if self.noise_std is None else self.noise_std * factor.abs()
        return replace(self, kspace=self.kspace * factor, noise_std=noise)

    def without_linear_phase(self, together: int = 0) -> tuple["SoftSense", Tensor | None]:
        """Return the problem with the centre of its k-space moved to the middle, if it lies clearly beside it."""
        parts, phase = without_linear_phase(self._tensors(but="maps"), 3, len(self.axes))
        return (self, None) if phase is None else (replace(self, **parts), phase)


def whole(images: Sets) -> Image:
    """Return one image (*batch, y, x) of those of all sets: their root sum of squares with the phase of the first.

    The maps of a pixel are orthogonal, so this is what the coils' images have as root sum of squares, however the
    sets share the signal among them; which place of the body is in which set is a matter of chance. BART's users
    do the same (`bart rss 16`).
    """
    return root_sum_of_squares(images, -3) * images[..., 0, :, :].sgn()
