"""What only MRI needs before a problem can be solved: coil maps, and a noise level where nobody wrote one."""

import warnings
from os import PathLike
from typing import Literal

from numpy.typing import ArrayLike

from dealias.acquisition import Acquisition
from dealias.centring_check import SWAP, quadrants_swapped
from dealias.coils import espirit
from dealias.errors import Note, UserError
from dealias.files.open import open
from dealias.kind import WrongKind, kind_of
from dealias.method import Method
from dealias.noise import noise_level
from dealias.problem import Problem
from dealias.shapes import Kspace, Maps


def problem_of(given: Problem | ArrayLike | Kspace | str | PathLike[str]) -> Problem:
    """Return a problem itself, that of a file, or that of an array of centred k-space (..., coil, y, x).

    Raises:
        UserError: for several scans, images, or k-space that is not centred.
    """
    if isinstance(given, Problem):
        return given
    if isinstance(given, str | PathLike):
        return open(given)
    if isinstance(given, list | tuple) and any(isinstance(part, str | PathLike | Problem) for part in given):
        raise UserError("these are several scans; reconstruct each: [dealias.reconstruct(method, s) for s in scans]")
    scan = Acquisition.centred(given)
    if kind_of(scan.centred_kspace) == "images":
        raise WrongKind("the array holds images, not k-space; dealias.Acquisition.simulate makes a scan of them")
    if quadrants_swapped(scan.root_sum_of_squares):
        warnings.warn(Note(f"the body lies at the corners of the image: {SWAP}"), stacklevel=3)
    return scan


def prepared(problem: Problem, maps: Maps | Literal["auto"] | None, method: Method) -> Problem:
    """Return the problem with all that a method needs to know; what had to be estimated, a Note says.

    Arguments:
        maps: coil maps; "auto" keeps those of an acquisition, and estimates those of several coils that have none by
            ESPIRiT; None drops them.
    """
    if isinstance(problem, Acquisition):
        problem = _with_maps(problem, maps, method)
    if method.takes_noise and problem.noise_std is None:
        level = float(noise_level(problem).max())  # the method asks for it itself, and only where it needs it
        text = f"the noise level is not told; it is taken from the outermost samples, at most {level:.3g} in each part"
        warnings.warn(Note(text), stacklevel=4)
    return problem


def _with_maps(acquisition: Acquisition, maps: Maps | Literal["auto"] | None, method: Method) -> Acquisition:
    if not isinstance(maps, str):
        return acquisition.with_maps(maps)
    if maps != "auto":
        raise UserError(f"maps cannot be '{maps}'; give a tensor, None, or \"auto\" for those that ESPIRiT estimates")
    if acquisition.maps is not None or acquisition.coils == 1 or method.own_maps:
        return acquisition
    estimated = acquisition.with_maps(espirit(acquisition))
    warnings.warn(Note("coil maps estimated by ESPIRiT from the fully sampled centre of k-space"), stacklevel=5)
    return estimated
