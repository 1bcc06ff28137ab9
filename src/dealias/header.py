"""What a result must carry along from its measurement: geometry and identifiers."""

from dataclasses import dataclass, field, replace

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
        stacked: whether the first axis of a batch counts slices; no longer where one of them was chosen.
        text: identifiers and free text by name, such as fastMRI's `ismrmrd_header`; written back unchanged.
    """

    voxel_size: Vector | None = None
    matrix: tuple[int, int] | None = None
    text: dict[str, str] = field(default_factory=dict)
    directions: tuple[Vector, Vector, Vector] | None = None
    position: Vector | None = None
    stacked: bool = field(default=True, compare=False)

    def of_slices(self, first: int, step: int = 1) -> "Header":
        """Return the header of the slices from `first` on, counted from 0, and of those every `step`-th one.

        Where the distance or the direction of the slices is unknown, so is the position of all but the first.
        """
        if (first, step) == (0, 1):
            return self
        voxel_size, position = self.voxel_size, self.position if first == 0 else None
        if voxel_size is not None and self.position is not None and self.directions is not None:
            way = first * voxel_size[0]
            x, y, z = (start + way * along for start, along in zip(self.position, self.directions[0], strict=True))
            position = (x, y, z)
        if voxel_size is not None:
            voxel_size = (step * voxel_size[0], *voxel_size[1:])
        return replace(self, voxel_size=voxel_size, position=position)
