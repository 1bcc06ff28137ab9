"""Which readouts of a scan make the image: not noise, navigators, separate calibration, or those of other coils."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import Note, UserError
from dealias.files.mrd.grid import COUNTERS, REVERSE, STEPS, flagged
from dealias.files.mrd.xml_header import Encoding

Heads = NDArray[Any]  # one structured header per readout, MRD's `acquisition_header`

NOISE, CALIBRATION, CALIBRATION_AND_IMAGING = 19, 20, 21
NO_IMAGE = (NOISE, 23, 24, 26, 27, 28, 29, 30, 31)  # navigators, phase correction, feedback, dummies, stabilisation
WITH_THE_IMAGE = ("embedded", "interleaved")


def imaging(heads: Heads, scan: Encoding) -> NDArray[np.bool_]:
    """Return which readouts belong to the image; what is left out is said.

    Raises:
        UserError: where there are none, or where readouts of one image run both ways.
    """
    wanted = ~flagged(heads, *NO_IMAGE) & (heads["number_of_samples"] > 0)
    elsewhere = wanted & (heads["encoding_space_ref"] != 0)
    if elsewhere.any():
        warnings.warn(Note(f"{elsewhere.sum()} readouts of another encoding are left out"), stacklevel=4)
    wanted &= ~elsewhere
    wanted &= _of_all_coils(heads, wanted, scan)
    calibration = wanted & flagged(heads, CALIBRATION) & ~flagged(heads, CALIBRATION_AND_IMAGING)
    if calibration.any() and not _belongs(heads[calibration], heads[wanted & ~calibration], scan):
        warnings.warn(Note(f"{calibration.sum()} separate calibration readouts are left out"), stacklevel=4)
        wanted &= ~calibration
    if not wanted.any():
        raise UserError("holds no readouts of an image; give the scan itself, not its calibration")
    if _both_ways(heads[wanted]):
        raise UserError(
            "holds readouts that run to and fro, as echo-planar imaging, which is not supported yet; convert it"
        )
    return wanted


def _of_all_coils(heads: Heads, wanted: NDArray[np.bool_], scan: Encoding) -> NDArray[np.bool_]:
    """Return which readouts have as many channels as the image has: as the header says, else as most of them."""
    channels = heads["active_channels"]
    counts, frequency = np.unique(channels[wanted], return_counts=True)
    if len(counts) < 2:
        return wanted
    coils = scan.coils if scan.coils in counts else int(counts[frequency.argmax()])
    others = wanted & (channels != coils)
    text = f"{others.sum()} readouts of other than {coils} channels, such as of the body coil, are left out"
    warnings.warn(Note(text), stacklevel=5)
    return wanted & ~others


def _belongs(calibration: Heads, image: Heads, scan: Encoding) -> bool:
    """Whether calibration lines are part of the image: the header says so, or they fill gaps between its lines."""
    if scan.calibration:
        return scan.calibration in WITH_THE_IMAGE
    names = [*COUNTERS, *STEPS]
    ours, theirs = ({tuple(line) for line in heads["idx"][names].tolist()} for heads in (calibration, image))
    return not ours & theirs


def _both_ways(heads: Heads) -> bool:
    """Whether some image has readouts of both directions; whole echoes that run backwards are well."""
    places = heads["idx"][[*COUNTERS]].tolist()
    ways: dict[Any, bool] = {}
    return any(
        ways.setdefault(tuple(place), way) != way
        for place, way in zip(places, flagged(heads, REVERSE).tolist(), strict=True)
    )
