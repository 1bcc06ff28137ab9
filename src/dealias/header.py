"""What a result must carry along from its measurement: geometry and identifiers."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Header:
    """Geometry and identifiers of one scan.

    Arguments:
        voxel_size: millimetres along (slice, y, x), None where the file does not say.
        matrix: rows and columns of the image that the scanner would show; the phase-encode crop at `write`.
        text: identifiers and free text by name, such as fastMRI's `ismrmrd_header`; written back unchanged.
    """

    voxel_size: tuple[float, float, float] | None = None
    matrix: tuple[int, int] | None = None
    text: dict[str, str] = field(default_factory=dict)
