"""Coil maps of a scan, once for all reconstructions."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dealias.commands._files import each, folder_for
from dealias.commands._provenance import provenance
from dealias.commands._reading import Conjugate, FileMask, reading

if TYPE_CHECKING:
    from dealias.acquisition import Acquisition


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
    from dealias.files.recognition import about
    from dealias.files.stack import Stack

    estimate: Callable[..., Any] = coils.espirit if method == "espirit" else coils.walsh
    arguments = typed_arguments(estimate, method_arguments or {}, given=("acquisition",))

    how = {"key": key, "axes": axes, "file_mask": file_mask, "conjugate": conjugate}
    settings = {"method": method, "method_arguments": method_arguments, **how}

    def work(source: Path, target: Path) -> None:
        read = partial(dealias.open, source, whiten=False)  # maps of the measured coils
        scans = Stack.of(source, reading(how), read)
        if scans.first().coils == 1:
            raise UserError(f"{source}: holds one coil, which needs no maps; reconstruct it as it is")
        folder_for(target)

        def maps(scan: "Acquisition") -> Any:
            with about(source):
                return estimate(scan, **arguments)

        write_maps(target, scans.map(maps), overwrite=overwrite, attributes=provenance(source, settings))

    each(input, output, work, "estimated", format, settings, kspace=True, overwrite=overwrite)
