"""Slices in the order in which they lie in the patient, whatever order their counter has: scanners interleave them."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import Note
from dealias.files.mrd.grid import COUNTERS

NEAR = 0.05  # millimetres, within which two places are one
SEVERAL = 0.5  # share of the readouts of the fullest place that another one has, too, where it is a slice


def in_order(heads: NDArray[Any]) -> NDArray[Any]:
    """Return the headers of readouts with slices counted from 0 in the order of their positions.

    Counters that run along a line in the patient, in either direction, stay. Positions that differ under one
    counter are slices of their own.
    """
    heads = heads.copy()
    counter, position = heads["idx"]["slice"].astype(np.int64), heads["position"].astype(float)
    places, place = np.unique(np.round(position / NEAR), axis=0, return_inverse=True)
    place, said = place.ravel(), ""
    counts = np.bincount(place)
    groups = len(np.unique(counter))
    if 1 < len(places) != groups == 1 and counts.min() >= SEVERAL * counts.max():
        counter, said = place, f"{len(places)} slices by their positions, which their counter does not tell apart"
        for name in COUNTERS:  # one that counts the slices is none of its own
            if len(np.unique(np.stack((place, heads["idx"][name])), axis=1).T) == len(places):
                heads["idx"][name] = 0
    numbers, first, rank = np.unique(counter, return_index=True, return_inverse=True)
    along = position[first] @ heads["slice_dir"][0].astype(float)
    steps = np.diff(along)
    mixed = (steps != 0).all() and not ((steps > 0).all() or (steps < 0).all())
    if mixed and not said:
        said = f"{len(numbers)} slices in the order of their positions, not of their counter"
    if mixed:
        rank = along.argsort(kind="stable").argsort()[rank.ravel()]
    if said:
        warnings.warn(Note(f"holds {said}"), stacklevel=3)
    heads["idx"]["slice"] = rank.ravel()
    return heads
