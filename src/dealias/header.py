"""What a result must carry along from its measurement: geometry and identifiers."""

from dataclasses import dataclass, field

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Header:
    """Geometry and identifiers of one scan.

    Arguments:
        voxel_size: millimetres along (slice, y, x), from slice centre to slice centre; None where the file
            does not say.
        matrix: rows and columns of the image that the scanner would show; the phase-encode crop at `write`.
        directions: unit vectors along which slices, rows and columns count up, in the patient's millimetres:
            to the left, to the back, to the head (LPS, as DICOM and MRD).
        position: where the first slice's origin lies, likewise: its pixel (rows // 2, columns // 2).
        text: identifiers and free text by name, such as fastMRI's `ismrmrd_header`; written back unchanged.
    """

    voxel_size: Vector | None = None
    matrix: tuple[int, int] | None = None
    text: dict[str, str] = field(default_factory=dict)
    directions: tuple[Vector, Vector, Vector] | None = None
    position: Vector | None = None
