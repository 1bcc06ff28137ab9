"""Coil maps of a scan, once for all reconstructions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from dealias.commands._files import each, folder_for
from dealias.commands._provenance import provenance
from dealias.commands._reading import Conjugate, FileMask, reading


def run(
    input: str,
    output: str,
    *,
    method: Literal["espirit", "walsh"] = "espirit",
    method_arguments: dict[str, Any] | None = None,
    key: str | None = None,
    axes: str | None = None,
    file_mask: FileMask = "refuse",
    conjugate: Conjugate = "auto",
    format: Literal["h5", "npy", "cfl", "mat"] = "h5",
    overwrite: bool = False,
) -> None:
    """Estimate the coil maps of a file or of a folder of files, for `dealias reconstruct --maps FILE`.

    Arguments:
        input: a file with k-space of several coils, or a folder of such files
        output: the file to write (.h5, .npy, .cfl, .mat), or a folder
        method: espirit is exact, walsh quick and coarse
        method_arguments: an argument of the method, such as --method.crop 0 for maps outside the body too
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        file_mask: what to do with a file's own mask where it leaves out samples that there are
        conjugate: turn the image of raw data around; auto turns that of Siemens' scanners
        format: of the files that a folder gives
        overwrite: replace existing files
    """
    import dealias
    from dealias import coils
    from dealias.configure import typed_arguments
    from dealias.errors import UserError
    from dealias.files.coil_maps import write_maps

    estimate: Callable[..., Any] = coils.espirit if method == "espirit" else coils.walsh
    arguments = typed_arguments(estimate, method_arguments or {}, given=("acquisition",))

    how = {"key": key, "axes": axes, "file_mask": file_mask, "conjugate": conjugate}
    settings = {"method": method, "method_arguments": method_arguments, **how}

    def work(source: Path, target: Path) -> None:
        acquisition = dealias.open(source, **reading(how), whiten=False)  # maps of the measured coils
        if acquisition.coils == 1:
            raise UserError(f"{source}: holds one coil, which needs no maps; reconstruct it as it is")
        folder_for(target)
        try:
            maps = estimate(acquisition, **arguments)
        except UserError as error:
            raise UserError(f"{source}: {error}") from error
        write_maps(target, maps, overwrite=overwrite, attributes=provenance(source, settings))

    each(input, output, work, "estimated", format, settings, kspace=True, overwrite=overwrite)
