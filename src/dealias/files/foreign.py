"""Files that others write and nothing here reads: what they are, and what turns them into something that is read."""

from pathlib import Path

CONVERTERS = "of https://github.com/ismrmrd"
PICKLE = ("a Python pickle", "reading it could run code: save its numbers with numpy.save")
NAMES = {
    ".dat": ("raw data of Siemens?", f"convert them with siemens_to_ismrmrd {CONVERTERS}"),
    ".7": ("a P-file of GE?", f"convert it with ge_to_ismrmrd {CONVERTERS}"),
    ".lab": ("raw data of Philips?", f"convert them with philips_to_ismrmrd {CONVERTERS}"),
    ".raw": ("raw data of Philips?", f"convert them with philips_to_ismrmrd {CONVERTERS}"),
    ".mgz": ("FreeSurfer's MGZ", "convert it with mri_convert to .nii.gz"),
    ".mgh": ("FreeSurfer's MGH", "convert it with mri_convert to .nii.gz"),
    ".pt": PICKLE,
    ".pth": PICKLE,
    ".pkl": PICKLE,
    ".jpg": ("JPEG", "save it as PNG"),
    ".tif": ("TIFF", "save it as PNG or NIfTI"),
    ".tiff": ("TIFF", "save it as PNG or NIfTI"),
}
BRUKER = ("fid", "ser", "2dseq", "rawdata.job0")


def known_elsewhere(path: Path) -> tuple[str, str] | None:
    """Return what an existing file seems to be and what to do with it; None where that is unknown."""
    with path.open("rb") as file:
        start = file.read(352)
    if start[128:132] == b"DICM":
        return "DICOM", "convert it to NIfTI with dcm2niix"
    analyze = len(start) >= 348 and 348 in (int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big"))
    if analyze or (path.suffix.lower() == ".img" and path.with_suffix(".hdr").is_file()):
        return "half of a pair of NIfTI or Analyze", "save both as one .nii"
    if path.name.lower() in BRUKER:
        return "raw data of Bruker?", f"convert them with bruker_to_ismrmrd {CONVERTERS}"
    return NAMES.get(path.suffix.lower())
