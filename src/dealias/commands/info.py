"""The input doctor: what a file holds, what looks wrong, which methods fit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from dealias.acquisition import Acquisition


def run(input: str, *, key: str | None = None, axes: str | None = None) -> None:
    """Say what a file with k-space, or a weight file, holds.

    Arguments:
        input: a file with k-space, a .safetensors file, or the name of a shipped weight
        key: the dataset that holds the k-space, where a file has several
        axes: names of the axes, such as "slice time coil y x", where the shape alone cannot tell
    """
    import dealias
    from dealias import cards

    weight = cards.path_of(input) if input.endswith(".safetensors") or input in cards.weights() else None
    if weight is not None:
        _print({name: str(value) for name, value in cards.read(weight).items()})
        return
    acquisition = dealias.open(input, key=key, axes=axes)
    _print({**_facts(acquisition), "fits": ", ".join(_fitting(acquisition))})
    for remark in _remarks(acquisition):
        print(f"note: {remark}")


def _print(facts: dict[str, str]) -> None:
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:{width}}  {value}")


def _facts(acquisition: "Acquisition") -> dict[str, str]:
    from dealias.files.centred import central_share
    from dealias.noise import estimate_noise

    rows, columns = acquisition.shape[-2:]
    lead = acquisition.kspace.shape[:-3]
    kinds = ["slices", "frames"] if acquisition.dimensions == 3 else ["slices"]
    counts = [f"{n} {kind}" for n, kind in zip(lead, kinds, strict=False)]
    noise, largest = estimate_noise(acquisition), _largest(acquisition)
    sampled = acquisition.kspace.abs()[acquisition.mask.expand(acquisition.kspace.shape)]
    facts = {
        "axes": ", ".join([*counts, f"{acquisition.coils} coils", f"{rows} rows", f"{columns} columns"]),
        "mask": f"{acquisition.acceleration:.2f}x, {describe(acquisition.centred_mask)}",
        "centre": f"the central quarter holds {central_share(acquisition.centred_kspace):.2f} of the energy",
        "noise": f"at most {float(noise.median()):.3g} in each part, {float(noise.median()) / largest:.2%} of the image",
        "range": f"{float(sampled.min()):.3g} to {float(sampled.max()):.3g}" if len(sampled) else "nothing sampled",
        "maps": "none" if acquisition.maps is None else "given",
    }
    if acquisition.header.voxel_size is not None:
        facts["voxel"] = " x ".join(f"{size:.3g}" for size in acquisition.header.voxel_size) + " mm (slice, y, x)"
    if acquisition.header.matrix is not None:
        facts["matrix"] = f"{acquisition.header.matrix[0]} x {acquisition.header.matrix[1]} to show"
    return facts


def describe(mask: "Tensor") -> str:
    """Return in words what kind of mask (..., 1, y, x), centred, this is."""
    pattern = mask.flatten(0, -3)
    rows, columns = pattern.shape[-2:]
    shared = "" if len(pattern) == 1 or bool((pattern == pattern[:1]).all()) else ", another for each slice or frame"
    if bool(pattern.all()):
        return "fully sampled"
    if not bool(pattern.any()):
        return "nothing sampled"
    first = pattern[0]
    for axis, name in ((0, "columns"), (1, "rows")):
        lines = first.any(axis)
        if bool((first == (lines[None] if axis == 0 else lines[:, None])).all()):
            return f"whole {name}, {_run_around_centre(lines)} central ones{shared}"
    share = first.float().mean()
    middle = first[rows * 3 // 8 : rows * 5 // 8 + 1, columns * 3 // 8 : columns * 5 // 8 + 1].float().mean()
    kind = "denser at the centre" if middle > 1.3 * share else "of even density"
    return f"points {kind}{shared}"


def _run_around_centre(lines: "Tensor") -> int:
    """Return how many lines in a row, that of zero frequency among them, are sampled."""
    centre, count = len(lines) // 2, 0
    for step in (1, -1):
        place = centre if step == 1 else centre - 1
        while 0 <= place < len(lines) and bool(lines[place]):
            count, place = count + 1, place + step
    return count


def _largest(acquisition: "Acquisition") -> float:
    return float(acquisition.coil_images.abs().square().sum(-3).sqrt().max()) or 1.0


def _fitting(acquisition: "Acquisition") -> list[str]:
    from dealias import cards, find

    axes = max(acquisition.dimensions, 2)
    fitting = [name for name in find.names("methods") if find.method(name).dimensions <= axes]
    shipped = set(cards.weights())
    names = [name for name in fitting if name in shipped or not _learned(name)]
    needs_maps = acquisition.coils > 1 and acquisition.maps is None
    return [f"{name} (give coil maps)" if needs_maps else name for name in names]


def _learned(name: str) -> bool:
    from dealias import find

    return next(find.method(name)().parameters(), None) is not None


def _remarks(acquisition: "Acquisition") -> list[str]:
    """Return what looks wrong, or will surprise."""
    from dealias.noise import estimate_noise

    remarks = []
    if not bool(acquisition.mask.any()):
        return ["the mask samples nothing: every image will be zero"]
    if not bool((acquisition.kspace != 0).any()):
        return ["every sample is zero: every image will be zero"]
    if not bool(acquisition.centred_mask[..., acquisition.shape[-2] // 2, acquisition.shape[-1] // 2].all()):
        remarks.append("the centre of k-space is not sampled: images will lack their mean brightness")
    empty = (acquisition.kspace == 0).all(-1).all(-1)
    if bool(empty.any()):
        remarks.append(f"{int(empty.sum())} of {empty.numel()} coil images are empty")
    if float(estimate_noise(acquisition).median()) > 0.02 * _largest(acquisition):
        remarks.append("the outer samples are strong: much noise, or a very undersampled or cropped k-space")
    if acquisition.acceleration > 12:
        remarks.append(f"{acquisition.acceleration:.0f}x is more than the shipped weights were trained for (1.5 to 5)")
    return remarks
