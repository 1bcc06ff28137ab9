"""The input doctor: what a file holds, what looks wrong, which methods fit."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealias.commands._reading import FileMask
from dealias.commands._summary import Summary

if TYPE_CHECKING:
    from torch import Tensor


def run(
    input: str,
    *,
    key: str | None = None,
    axes: str | None = None,
    file_mask: FileMask = "refuse",
) -> None:
    """Say what a file with k-space or images, a folder of such files, or a weight file, holds.

    Arguments:
        input: a file with k-space or images, a folder of them, a weight file, or the name of a shipped weight
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
        file_mask: what to do with a file's own mask where it leaves out samples that there are
    """
    import dealias
    from dealias import cards

    if input.endswith(".safetensors") or input in cards.weights():
        _print(_flat(cards.read(cards.path_of(input) or input)))
        return
    if input.endswith(cards.PUBLISHED):
        method = dealias.load(input)
        count = sum(value.numel() for value in method.parameters())
        _print({"method": type(method).__name__, **method.arguments, "parameters": f"{count:,}"})
        return
    if Path(input).is_dir():
        _print_folder(input, key, axes)
        return
    try:
        found = _content(input, {"key": key, "axes": axes, "mask": None if file_mask == "refuse" else file_mask})
    except dealias.UserError:
        _print(_file(input))
        raise
    if not isinstance(found, Summary):
        _print(_file(input) | _images(found))
        return
    _print({**_file(input), **_facts(found), **_fitting(found)})
    for remark in _remarks(found):
        print(f"note: {remark}")


def _content(input: str | Path, named: dict[str, Any]) -> "Summary | Tensor":
    """Return what there is to say of k-space, which is read some slices at a time; or the images of a file."""
    from dealias.acquisition import Acquisition
    from dealias.files.images import contents
    from dealias.files.stack import Stack

    found: Iterator[Any] = iter(Stack.of(input, named, partial(contents, input)))
    first = next(found)
    return Summary.of(chain([first], found)) if isinstance(first, Acquisition) else first


def _print_folder(folder: str, key: str | None, axes: str | None) -> None:
    """Print a line for every file of a known format."""
    import dealias
    from dealias.evaluation.references import files

    todo = files(folder)
    width, refused = max(len(name) for _, name in todo), []
    for path, name in todo:
        try:
            found = _content(path, {"key": key, "axes": axes})
            if isinstance(found, Summary):
                text = f"k-space: {_in_a_line(found)}"
            else:
                text = "images: " + _images(found)["images"].partition(";")[0]
            print(f"{name:{width}}  {text}")
        except dealias.UserError as error:
            print(f"{name:{width}}  refused: {str(error).removeprefix(f'{path}: ')}")
            refused.append(name)
    if refused:
        raise dealias.UserError(f"{len(refused)} of {len(todo)} refused; dealias info FILE says more")


def _print(facts: Mapping[str, object]) -> None:
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        print(f"{name:{width}}  {value}")


def _flat(card: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Return a card's entries with dotted names."""
    entries: dict[str, object] = {}
    for name, value in card.items():
        entries |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return entries


def _file(source: str) -> dict[str, str]:
    """Return the size and format of a file, as far as it has them."""
    from dealias.errors import UserError
    from dealias.files.recognition import recognise

    path = Path(source)
    if not path.is_file():
        return {}
    size = path.stat().st_size
    unit = next(unit for unit in (1, 2**10, 2**20, 2**30) if size < 2**10 * unit or unit == 2**30)
    name = {1: "bytes", 2**10: "KiB", 2**20: "MiB", 2**30: "GiB"}[unit]
    try:
        module = recognise(path)
    except (UserError, OSError):
        module = None
    return {"file": f"{path.name}, {size / unit:.3g} {name}, {module.title if module else 'of no known format'}"}


def _images(images: "Tensor") -> dict[str, str]:
    """Return which images (..., y, x) a file holds that is no measurement."""
    count, (rows, columns) = images.shape[:-2].numel(), images.shape[-2:]
    use = "`dealias train` learns from them, `dealias evaluate` and `undersample --images` simulate scans of them"
    return {"images": f"{count} of {rows} x {columns}; {use}"}


def _in_a_line(scan: Summary) -> str:
    """Return what a user asks first."""
    rows, columns = scan.shape[-2:]
    maps = "" if scan.coils == 1 else f" with{'' if scan.maps else 'out'} maps"
    noise = "noise unknown" if scan.told is None else f"noise {scan.told:.3g}"
    return f"{_counts(scan)}{maps}, {rows} x {columns}, {scan.acceleration:.2f}x, {noise}"


def _counts(scan: Summary) -> str:
    kinds = [{"time": "frame", "batch": "set"}.get(name, name) for name in scan.names[:-3]]
    counts = [_count(n, kind) for n, kind in zip(scan.shape[:-3], kinds, strict=True)]
    return ", ".join([*counts, _count(scan.coils, "coil")])


def _facts(scan: Summary) -> dict[str, str]:
    rows, columns = scan.shape[-2:]
    some = scan.smallest <= scan.largest
    facts = {
        "axes": f"{_counts(scan)}, {rows} rows, {columns} columns",
        "mask": f"{scan.acceleration:.2f}x, {describe(scan.mask)}",
        "centre": f"the central quarter of rows and columns holds {scan.central:.0%} of the energy",
        "noise": _noise(scan),
        "range": f"{scan.smallest:.3g} to {scan.largest:.3g}" if some else "nothing sampled",
        "maps": "in the file" if scan.maps else "none",
    }
    if scan.header.voxel_size is not None:
        facts["voxel"] = " x ".join(f"{size:.3g}" for size in scan.header.voxel_size) + " mm (slice, y, x)"
    if scan.header.matrix is not None:
        facts["matrix"] = f"{scan.header.matrix[0]} x {scan.header.matrix[1]} to show"
    if scan.header.position is not None:
        facts["place"] = "first slice at " + ", ".join(f"{x:.4g}" for x in scan.header.position) + " mm (LPS)"
    return facts


def _count(number: int, kind: str) -> str:
    return f"{number} {kind}" if number == 1 else f"{number} {kind}s"


def _noise(scan: Summary) -> str:
    share = scan.noise / (scan.brightest or 1.0)
    text = f"at most {scan.noise:.3g} in each part of a sample, {share:.2%} of the image's maximum"
    return text if scan.told is None else f"{scan.told:.3g} by the file; {text}"


def describe(mask: "Tensor") -> str:
    """Return in words what kind of mask (..., 1, y, x), centred, this is."""
    from dealias.coils.square import around_middle

    pattern = mask.flatten(0, -3)
    pattern = pattern[pattern.any(-1).any(-1)] if bool(pattern.any()) else pattern  # empty slices say nothing
    rows, columns = pattern.shape[-2:]
    shared = "" if len(pattern) == 1 or bool((pattern == pattern[:1]).all()) else ", another for each slice or frame"
    if bool(pattern.all()):
        return "fully sampled"
    if not bool(pattern.any()):
        return "nothing sampled"
    first, reach = pattern[0], _reach(pattern.any(0))
    for axis, name in ((0, "columns"), (1, "rows")):
        lines = first.any(axis)
        if bool((first == (lines[None] if axis == 0 else lines[:, None])).all()):
            return f"whole {name}, {sum(around_middle(lines))} central ones{_regular(lines)}{reach}{shared}"
    share = first.float().mean()
    middle = first[rows * 3 // 8 : rows * 5 // 8 + 1, columns * 3 // 8 : columns * 5 // 8 + 1].float().mean()
    kind = "denser at the centre" if middle > 1.3 * share else "of even density"
    return f"points {kind}{reach}{shared}"


def _regular(lines: "Tensor") -> str:
    """Return how the lines outside the centre follow each other, where they do so evenly."""
    gaps = lines.nonzero().squeeze(1).diff()
    outer = gaps[gaps > 1]
    even = len(outer) > 2 and bool((outer == outer[0]).all())
    return f", every {_ordinal(int(outer[0]))} outside" if even else ""


def _ordinal(number: int) -> str:
    """Return 2nd, 3rd, 4th; 11th, 12th, 13th; 21st."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _reach(pattern: "Tensor") -> str:
    """Return what part of k-space holds all samples, where that is not the whole."""
    where = pattern.nonzero()
    first, last = where.amin(0).tolist(), where.amax(0).tolist()
    gaps = [(start, size - 1 - end) for start, end, size in zip(first, last, pattern.shape, strict=True)]
    parts = []
    for (before, after), size, name in zip(gaps, pattern.shape, ("rows", "columns"), strict=True):
        if before + after > size // 16:
            parts.append(f"{name} {before} to {size - 1 - after} only")
    return f", {' and '.join(parts)}" if parts else ""


def _fitting(scan: Summary) -> dict[str, str]:
    from dealias import cards, find

    of_images = {name: card for name, card in cards.shipped("methods").items() if not cards.of_volumes(card)}
    shipped = {name: card["method"] for name, card in of_images.items()}
    ready = {name: name for name in find.names("methods") if name not in shipped and not _learned(name)}
    kinds = {**shipped, **ready}
    made = {name: find.method(kind) for name, kind in kinds.items()}
    fitting = [name for name, method in made.items() if {*method.joint} <= {*scan.axes}]
    best = [name for name in fitting if not made[name].for_comparison]
    needs_maps = scan.coils > 1 and not scan.maps
    return {
        "fits, with coil maps" if needs_maps else "fits": ", ".join(best),
        "to compare with": ", ".join(name for name in fitting if made[name].for_comparison),
    }


def _learned(name: str) -> bool:
    from dealias import find

    method = find.method(name)
    return not method.trained and next(method().parameters(), None) is not None


def _remarks(scan: Summary) -> Iterator[str]:
    """Yield what looks wrong, or will surprise."""
    from dealias.centring_check import SWAP

    if not bool(scan.mask.any()):
        yield "the mask samples nothing: every image will be zero"
        return
    if not scan.largest > 0:
        yield "every sample is zero: every image will be zero"
        return
    if not scan.centre:
        yield "the centre of k-space is not sampled: images will lack their mean brightness"
    if scan.swapped:
        yield f"the body lies at the corners of the image: {SWAP}"
    if scan.silent:
        yield f"{scan.silent} of {prod(scan.shape[:-3])} slices and frames are empty: zero images"
    dead = scan.empty - scan.silent * scan.coils
    if dead:
        yield f"{dead} of {prod(scan.shape[:-2])} coil images are empty"
    if scan.uneven:
        yield scan.uneven
    if (scan.noise if scan.told is None else scan.told) > 0.02 * (scan.brightest or 1.0):
        yield "the outer samples are strong: much noise, or a very undersampled or cropped k-space"
    pattern = scan.mask.flatten(0, -3).any(0)  # of all frames: what no frame reaches is missing
    rows, columns = (_one_sided(pattern.any(axis)) for axis in (1, 0))
    if rows or columns:
        yield f"one side of the {'rows' if rows else 'columns'} is missing: partial Fourier, or not centred"
    if scan.acceleration > 12:
        yield f"{scan.acceleration:.0f}x is more than the shipped weights were trained for (1.5 to 5)"


def _one_sided(lines: "Tensor") -> bool:
    """Whether sampling reaches much further to one side of the centre than to the other, and not by chance.

    Of lines drawn at random all those beyond the shorter side may fall on the longer one: 7 do so once in 64 draws.
    """
    distance = lines.nonzero().squeeze(1) - len(lines) // 2
    below, above = int(-distance[0]), int(distance[-1])
    beyond = int((distance.abs() > min(below, above)).sum())
    return abs(below - above) > max(2, len(lines) // 8) and beyond > 6
