"""The films of a page: hearts that no training draws, and measured films where ../shared/data is.

As in the CRNN paper a film is band-limited to the part of k-space that a scan acquires, 192 x 190 of 256 x 256, and
its lines are drawn anew in every frame. Some rows are enough: the readout is fully sampled, so that the rows about
the heart can be cut out of the image and the forward model stays exact.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

import _data
import dealias
from dealias.phantoms import heart
from dealias.training.augment import smooth_phase
from dealias.training.films import band_limited

FIRST = 1000  # seeds of hearts from here on: those that `dealias train` draws count from zero
READOUT, LINES = 192 / 256, 190 / 256  # of a matrix, what was acquired
MEASURED = {"cine": "dyn_rvsc_cine20_mag", "perfusion": "dyn_perfusion20_mag", "rat": "dyn_ratcine8_mag"}


@dataclass(frozen=True)
class Subject:
    """One film.

    Arguments:
        name: of the subject.
        film: (time, y, x), band-limited, of largest magnitude 1; phase encoding along x.
        lines: how many columns of k-space a scan acquires.
        seed: of its masks and noise.
        real: whether a scanner saw it.
    """

    name: str
    film: Tensor
    lines: int
    seed: int
    real: bool = False

    def scan(self, acceleration: float, noise_std: float = 0.001) -> dealias.Acquisition:
        """Return what a scan of one coil would have measured, one in `acceleration` of the lines in each frame."""
        generator = torch.Generator().manual_seed(self.seed)
        shape = (*self.film.shape,)
        mask = dealias.sampling.kt(shape, acceleration, acquired=self.lines, generator=generator)[:, None]
        return dealias.Acquisition.simulate(self.film, mask, None, noise_std, generator=generator, axes="time y x")


def hearts(count: int, *, frames: int = 20, rows: int | None = 64) -> list[Subject]:
    """Return simulated hearts of one beat, the `rows` about the heart of 256 x 256 pixels, or all."""
    return [
        subject(f"heart {number}", heart((frames, 256, 256), seed=FIRST + number), rows, FIRST + number)
        for number in range(count)
    ]


def measured(*, frames: int = 20, rows: int | None = 64) -> list[Subject]:
    """Return the measured films, their first frames and the `rows` that change most, or all; none without the data.

    They are magnitudes, so each gets a smooth phase.
    """
    found = []
    for seed, name in enumerate(MEASURED):
        if (film := _magnitude(name)) is not None:
            phase = smooth_phase((*film.shape[1:],), 1.0, torch.Generator().manual_seed(seed))
            found.append(subject(name, film[:frames] * phase, rows, seed, real=True))
    return found


def sources(*names: str) -> list[str]:
    """Return files (time, y, x) of measured films that are here, as `dealias train` takes them."""
    return [_kept(name, _magnitude(name)) for name in names]


def validation() -> list[str]:
    """Return a file with a heart that chooses weights, neither one that trains nor one that judges."""
    return [_kept("heart_that_chooses", heart((10, 96, 128), seed=FIRST - 1))]


def moving(film: Tensor, share: float = 0.2) -> Tensor:
    """Return where (y, x) a film (time, y, x) moves.

    Arguments:
        share: of the largest standard deviation over time of the magnitude, that of a moving pixel exceeds.
    """
    change = film.abs().std(0)
    return change > share * change.max()


def squared_errors(film: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Return those of magnitudes where the reference moves, and elsewhere, (time, pixel) each."""
    wrong, place = (film.abs() - reference.abs()).square(), moving(reference)
    return wrong[:, place], wrong[:, ~place]


def subject(name: str, film: Tensor, rows: int | None, seed: int, *, real: bool = False) -> Subject:
    """Return a film (time, y, x) as a scanner sees it: band-limited, the `rows` that change most, maximum one."""
    height, lines = round(READOUT * film.shape[-2]), round(LINES * film.shape[-1])
    film = band_limited(band_limited(film, lines).mT, height).mT
    if rows is not None:
        rows = min(rows, film.shape[-2])
        change = film.abs().std(0).sum(-1)
        first = int(change.unfold(0, rows, 1).sum(-1).argmax())
        film = film[:, first : first + rows]
    return Subject(name, film / film.abs().max(), lines, seed, real)


def _magnitude(name: str) -> Tensor | None:
    path = _data.SHARED / f"{MEASURED[name]}.npz"
    if not path.exists():
        return None
    film = torch.from_numpy(np.load(path)["image"].astype(np.float32))
    return film.movedim(-1, 0) if name == "rat" else film  # its time is the last axis


def _kept(name: str, film: Tensor) -> str:
    """Return the file of a film, written once."""
    path = _data.HEADS / f"{name}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, film.numpy())
    return str(path)
