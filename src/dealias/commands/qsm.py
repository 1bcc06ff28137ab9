"""Quantitative susceptibility mapping: from several echoes to a map in parts per million."""

from pathlib import Path
from typing import Any, Literal


def run(
    output: str,
    input: str | None = None,
    *,
    magnitude: list[str] | None = None,
    phase: list[str] | None = None,
    mask: str | None = None,
    method: str = "total_variation",
    method_arguments: dict[str, Any] | None = None,
    background: Literal["v_sharp", "pdf"] = "v_sharp",
    radius: float = 12.0,
    inversion: str = "total_variation",
    regularisation: float | None = None,
    reference: str | None = None,
    echo_times: list[float] | None = None,
    field_strength: float | None = None,
    b0_direction: list[float] | None = None,
    full_turn: float | None = None,
    conjugate: bool = False,
    bipolar: bool = False,
    overwrite: bool = False,
) -> None:
    """Map susceptibility from several gradient echoes: k-space, or magnitudes and phases.

    Arguments:
        output: the folder to write chi.nii.gz and all stages before it to; what is there already is not done again
        input: k-space in HDF5 or MRD, or a BIDS folder; none where --magnitude and --phase are given
        magnitude: NIfTI files, one of four dimensions or one for each echo
        phase: likewise
        mask: NIfTI, of the brain; otherwise found
        method: solves undersampled k-space, each position along the readout by itself
        method_arguments: an argument of the method's constructor, such as --method.iterations 12
        background: how the field of sources outside the brain is removed
        radius: of the largest sphere of v_sharp, in mm
        inversion: how susceptibility is found from the local field: total_variation, division or ridge; rim, or weights
            of another network that learned it
        regularisation: of the inversion; total_variation 2e-4 ppm, ridge 0.01, division its threshold 0.15
        reference: NIfTI mask of the region whose mean is zero; otherwise the whole mask
        echo_times: in seconds, where no file says them
        field_strength: in tesla, where no file says it
        b0_direction: along z, y, x of the array, where it is not that of the file
        full_turn: what the phase counts a whole turn as, such as 360, 4096 or 8192, where it is not in radians
        conjugate: the phase falls where the field is stronger
        bipolar: echoes were read in turn forwards and backwards; needs three or more
        overwrite: replace stages that were made otherwise
    """
    from dealias.errors import UserError
    from dealias.susceptibility.echoes import Told
    from dealias.susceptibility.pipeline import Choices, Sources, map_susceptibility

    sources = Sources.of(input, magnitude or [], phase or [], mask, reference)
    target = Path(output)
    if target.is_file():
        raise UserError(f"{target}: is a file; name a folder for the results")
    told = Told(echo_times, field_strength, b0_direction, full_turn)
    arguments = method_arguments or {}
    choices = Choices(method, arguments, background, radius, inversion, regularisation, conjugate, bipolar)
    map_susceptibility(sources, target, told, choices, overwrite=overwrite)
