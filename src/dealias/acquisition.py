"""The noun in MRI: undersampled k-space, its mask, and the coils that saw it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from dealias.centring_check import NUMPY_SHIFT, Shift, check_centred
from dealias.errors import Note, UserError
from dealias.fft_order import centre_mask, shift_mask, to_centred, to_fft_order
from dealias.folds import held_masks
from dealias.header import Header
from dealias.linear_phase import without_linear_phase
from dealias.operators.cartesian import Cartesian
from dealias.problem import FILM, IMAGE, Problem
from dealias.root_sum_of_squares import root_sum_of_squares
from dealias.shapes import Image, Kspace, Maps, Mask
from dealias.validation import (
    tensor,
    unit_maps,
    validated_axes,
    validated_kspace,
    validated_maps,
    validated_mask,
    validated_noise,
)


@dataclass(frozen=True, eq=False, repr=False)
class Acquisition(Problem):
    """One scan, in FFT order inside; `Acquisition.centred` is how a user makes one.

    Arguments:
        kspace: complex (*batch, [time,] coil, y, x), zero where nothing was sampled.
        mask: True where sampled; as many axes as k-space, size 1 where shared.
        maps: coil sensitivities of unit root sum of squares, likewise; None is one coil seeing all alike.
        noise_std: standard deviation of the real part of one sample, likewise; None where unknown.
        axes: names of the image's axes that make one problem: ("y", "x"), or ("time", "y", "x") where the axis
            before the coils is time.
    """

    kspace: Kspace
    mask: Mask
    maps: Maps | None = None
    noise_std: Tensor | None = None
    header: Header = Header()
    axes: tuple[str, ...] = IMAGE

    @classmethod
    def centred(
        cls,
        kspace: Any,
        mask: Any = None,
        maps: Any = None,
        noise_std: Any = None,
        header: Header | None = None,
        axes: Sequence[str] | str = IMAGE,
        shift: Shift | None = NUMPY_SHIFT,
    ) -> "Acquisition":
        """Return the acquisition of centred k-space, checked: tensors or anything that NumPy understands.

        Arguments:
            kspace: complex (..., coil, y, x); (y, x) is one coil.
            mask: True or non-zero where sampled, centred; (x), (y, x) or as k-space with one coil. None is
                what is non-zero in any coil.
            maps: (coil, y, x) or as k-space.
            noise_std: a number, or a centred tensor with as many axes as k-space.
            axes: "y x", or "time y x" for films, whose k-space is (..., time, coil, y, x).
            shift: what moves the centre of rows, columns or both from an edge to the middle, for the complaint
                about k-space whose centre lies elsewhere; None takes it as it is.

        Raises:
            UserError: where the shapes, types or values do not describe a measurement.
        """
        axes = validated_axes(axes)
        kspace = validated_kspace(kspace)
        if kspace.ndim < len(axes) + 1:
            wanted = "(time, coil, y, x)" if axes == FILM else "(coil, y, x)"
            raise UserError(f"axes '{' '.join(axes)}' do not fit k-space of {kspace.ndim} axes; give {wanted}")
        if mask is None:
            mask = (kspace != 0).any(-3, keepdim=True)
        else:
            mask = validated_mask(mask, kspace)
            outside = int(((kspace != 0) & ~mask).sum())
            if outside:
                raise UserError(f"{outside} samples lie outside the mask; give the mask that the scan used, or none")
        if not mask.any():
            warnings.warn(Note("the mask samples nothing: every image will be zero"), stacklevel=2)
        if maps is not None:
            maps = unit_maps(validated_maps(maps, kspace, axes))
        if noise_std is not None:
            noise_std = shift_mask(validated_noise(noise_std, kspace))
        if shift is not None:
            check_centred(kspace, shift)
        return cls(to_fft_order(kspace), shift_mask(mask), maps, noise_std, header or Header(), axes)

    @classmethod
    def simulate(
        cls,
        image: Image,
        mask: Any,
        maps: Any = None,
        noise_std: float = 0.0,
        *,
        generator: torch.Generator | None = None,
        header: Header | None = None,
        axes: Sequence[str] | str = IMAGE,
    ) -> "Acquisition":
        """Return what a scanner would measure of an image: masked k-space with Gaussian noise.

        Arguments:
            image: (*batch, y, x).
            mask: centred, as in `centred`.
            maps: as in `centred`.
            noise_std: standard deviation of the real and of the imaginary part of one sample.
        """
        axes = validated_axes(axes)
        if not image.is_complex():
            image = image.to(image.dtype.to_complex() if image.is_floating_point() else torch.complex64)
        like = image.unsqueeze(-3)
        inside = shift_mask(validated_mask(mask, like))
        if maps is not None:
            coils = tensor(maps, "the maps").shape[-3]
            maps = validated_maps(maps, like.expand(*like.shape[:-3], coils, *like.shape[-2:]), axes)
        none = image.real.new_zeros((1,) * like.ndim)
        clean = cls(Cartesian(inside, maps).forward(image), inside, maps, none, header or Header(), axes)
        return clean.with_noise(noise_std, generator) if noise_std else clean

    def __post_init__(self) -> None:
        for name, value in self._tensors().items():
            if value.ndim != self.kspace.ndim:
                raise UserError(
                    f"{name} has {value.ndim} axes, k-space has {self.kspace.ndim}; use Acquisition.centred"
                )

    def __repr__(self) -> str:
        """Return what a user asks first, in one line."""
        rows, columns = self.shape[-2:]
        lead = [*self.shape[:-2]]
        frames = [f"{lead.pop()} frames"] if self.axes == FILM else []
        batch = [f"{' x '.join(map(str, lead))} slices"] if lead else []
        coils = "1 coil" if self.coils == 1 else f"{self.coils} coils {'without' if self.maps is None else 'with'} maps"
        size = ", ".join([*batch, *frames, coils, f"{rows} x {columns}"])
        noise = "noise unknown" if self.noise_std is None else f"noise {float(self.noise_std.max()):.3g}"
        return f"Acquisition({size}, {self.acceleration:.2f}x, {noise}, {self.kspace.dtype}, {self.kspace.device})"

    def _repr_html_(self) -> str:
        """Return the picture that a notebook shows."""
        from dealias.notebook import page

        return page(self)

    @property
    def data(self) -> Kspace:
        """The k-space, in FFT order."""
        return self.kspace

    @cached_property
    def operator(self) -> Cartesian:
        """A = M F S.

        Raises:
            UserError: for several coils without maps.
        """
        if self.maps is None and self.coils > 1:
            raise UserError(f"{self.coils} coils and no maps: give coil maps, such as those that --maps auto estimates")
        return Cartesian(self.mask, self.maps)

    @property
    def shape(self) -> torch.Size:
        """The shape of the image: (*batch, [time,] y, x)."""
        return torch.Size((*self.kspace.shape[:-3], *self.kspace.shape[-2:]))

    @property
    def coupled(self) -> int:
        """Rows and columns, whether or not there are maps yet."""
        return Cartesian.coupled

    @property
    def support(self) -> Tensor | None:
        """The pixels (*batch, y, x) that some coil sees; None where the maps see all, or one coil does."""
        if self.maps is None:
            return None
        seen = (self.maps != 0).any(-3)
        return None if bool(seen.all()) else seen

    @property
    def coils(self) -> int:
        """How many coils measured."""
        return self.kspace.shape[-3]

    @property
    def acceleration(self) -> float:
        """Grid points per sampled point, of the problems that have samples; infinite for an empty mask."""
        return acceleration(shares(self.mask, self.axes))

    @property
    def centred_kspace(self) -> Kspace:
        """The k-space as a file holds it."""
        return to_centred(self.kspace)

    @property
    def centred_mask(self) -> Mask:
        """The mask as a file holds it."""
        return centre_mask(self.mask)

    @property
    def centred_noise_std(self) -> Tensor | None:
        """The noise level as a file holds it."""
        return None if self.noise_std is None else centre_mask(self.noise_std)

    @property
    def coil_images(self) -> Kspace:
        """The zero-filled image of every coil (*batch, coil, y, x)."""
        return torch.fft.ifft2(self.kspace, norm="ortho")

    @property
    def root_sum_of_squares(self) -> Tensor:
        """The zero-filled coil images combined without maps, a magnitude (*batch, y, x)."""
        return root_sum_of_squares(self.coil_images, -3)

    def sampled(self, mask: Any) -> "Acquisition":
        """Return the acquisition that a scanner would have made with this centred mask, of what it sampled."""
        return self._kept(self.mask & shift_mask(validated_mask(mask, self.kspace)))

    def folds(
        self, count: int = 1, share: float = 0.1, seed: int | torch.Generator = 0
    ) -> list[tuple["Acquisition", "Acquisition"]]:
        """Return pairs of acquisitions: most of the samples, and some that are held out, others in each pair.

        Held out are points, or whole lines where lines were sampled, of all radii but never of the fully sampled
        centre; of all coils alike, in each frame of a film others. Where fewer can be held out than there are pairs,
        none are.

        Arguments:
            count: how many pairs.
            share: of the samples beyond the centre that one pair holds out.
            seed: or a generator, which decides by chance.
        """
        generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
        mask = self.mask.expand(*self.mask.shape[:-2], *self.shape[-2:])
        held = held_masks(mask, count, share, generator, self.axes == FILM)
        return [(self._kept(mask & ~part), self._kept(mask & part)) for part in held]

    def with_maps(self, maps: Any) -> "Acquisition":
        """Return the acquisition with these coil maps; None drops those it has.

        Arguments:
            maps: (coil, y, x), (slice, coil, y, x) also of films, or with as many axes as k-space.
        """
        if maps is not None:
            maps = unit_maps(validated_maps(maps, self.kspace, self.axes))
        return replace(self, maps=maps)

    def with_noise(self, noise_std: float, generator: torch.Generator | None = None) -> "Acquisition":
        """Return the acquisition with Gaussian noise of this standard deviation added to each part of a sample."""
        if not 0 <= noise_std < float("inf"):
            raise UserError(f"noise of {noise_std} is impossible; give a standard deviation of zero or more")
        like = self.kspace.real
        noise = torch.randn((*like.shape, 2), generator=generator, dtype=like.dtype, device=like.device)
        kspace = self.kspace + noise_std * self.mask * torch.view_as_complex(noise)
        total = None if self.noise_std is None else torch.hypot(self.noise_std, self.noise_std.new_tensor(noise_std))
        return replace(self, kspace=kspace, noise_std=total)

    def scaled(self, factor: Tensor) -> "Acquisition":
        """Return the acquisition of `factor` times the image; factor (*batch, 1, 1), complex or real."""
        factor = factor.unsqueeze(-3)
        noise_std = None if self.noise_std is None else self.noise_std * factor.abs()
        return replace(self, kspace=self.kspace * factor, noise_std=noise_std)

    def without_linear_phase(self, together: int = 0) -> tuple["Acquisition", Tensor | None]:
        """Return the acquisition with the centre of its k-space moved to the middle, if it lies clearly beside it."""
        axes = max(len(self.axes), together)
        parts, phase = without_linear_phase(self._tensors(but="maps"), axes + 1, axes)
        return (self, None) if phase is None else (replace(self, **parts), phase)

    def _kept(self, mask: Mask) -> "Acquisition":
        return replace(self, mask=mask, kspace=self.kspace * mask)


def shares(mask: Mask, axes: tuple[str, ...]) -> Tensor:
    """Return which share of the grid of each problem (*batch) a mask samples, size 1 where shared."""
    return mask.float().flatten(-len(axes) - 1).mean(-1)


def acceleration(shares: Tensor) -> float:
    """Return grid points per sampled point, of the problems that have samples; infinite where none has."""
    return 1 / float(shares[shares > 0].mean()) if bool(shares.any()) else float("inf")
