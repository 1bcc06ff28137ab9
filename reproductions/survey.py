"""The survey's figure: the U-Net against total variation, several measured coils, whole lines at 4x and 8x.

    python reproductions/survey.py                    # what is shipped, and the naive networks that are trained
    python reproductions/survey.py --minutes 60       # trains them: what fits, the rest in the next run

Survey: "Machine Learning for MRI Image Reconstruction" (blog, 2022). It finds the U-Net clearly better than total
variation; that a naive network, fed with the measurements instead of an image, has to learn the Fourier transform
first; and unrolled networks better than both. What is compared is what has weights: `unet`, `modl`, `varnet`,
`e2e_varnet`. Scores are remembered in ../runs/reproductions/numbers, so that a run that was cut short goes on.
"""

import warnings

import torch

import dealias
from _benchmarks import measured_scans
from _data import SHARED, held_back, kept, sources
from _image_trainings import brains
from _page import PAGES, Claim, figure, table, training_options, write
from _pictures import compared, described, known
from _scores import psnr_and_ssim
from _verdict import SEEDS, listed, paired, verdict
from dealias.cards import weights
from dealias.errors import Note
from dealias.files.images import images as read
from dealias.phantoms import head
from dealias.sampling import cartesian
from unets import small, whole

RATES = (4.0, 8.0)
CENTRE = dict(zip(RATES, (0.08, 0.04), strict=True))  # fastMRI's share of central lines
CALIBRATION = 13  # lines, of which ESPIRiT needs as many
ZERO, TOTAL, UNET, UNROLLED = "zero-filled", "total variation", "U-Net", ("MoDL", "VarNet", "end-to-end VarNet")
NAMES = {ZERO: "zero_filled", TOTAL: "total_variation", "wavelet CS": "wavelet", UNET: "unet"}
NAMES |= dict(zip(UNROLLED, ("modl", "varnet", "e2e_varnet"), strict=True))
NAIVE, TWIN = "naive network", "the same, fed with the image"
SIDE, COILS, NOISE = 128, 8, 0.002  # of what the naive networks learn from, and are judged on


def lines(shape, acceleration, seed):
    """Return a mask of random lines (y, x), as many of them central as fastMRI has, and as ESPIRiT needs."""
    centre = max(CENTRE[acceleration], CALIBRATION / shape[1])
    return cartesian(shape, acceleration, centre=centre, generator=torch.Generator().manual_seed(seed))


def measured(methods):
    """Return PSNR and SSIM (mask, 2) by brain and acceleration, by method; empty without ../shared/data."""
    found = {}
    for name, kspace in measured_scans(SHARED) if SHARED.exists() else ():
        full = dealias.Acquisition.centred(kspace)
        truth = full.with_maps(dealias.espirit(full)).zero_filled.abs()
        for acceleration in RATES:
            parts = [full.sampled(lines(truth.shape, acceleration, seed)) for seed in SEEDS]
            case = f"{name}, {acceleration:g}x"
            pairs = [(part.with_maps(dealias.espirit(part)), truth) for part in parts]
            found[case] = {label: scored(method, pairs, case) for label, method in methods.items()}
    return found


def simulated(image, acceleration, seed=0):
    """Return a scan of an image by several simulated coils."""
    generator = torch.Generator().manual_seed(seed)
    maps = dealias.coils.simulate((*image.shape,), COILS, generator=generator)
    mask = lines(image.shape, acceleration, seed)
    return dealias.Acquisition.simulate(image, mask, maps, NOISE, generator=generator)


def scored(method, pairs, case):
    """Return PSNR and SSIM of a method (scan, 2) on scans and what they should give."""
    numbers = enumerate(pairs)
    return torch.tensor([psnr_and_ssim(method, *pair, page="survey", case=case, mask=k) for k, pair in numbers])


def training(seen, updates):
    """Return the training of a U-Net that sees the masked k-space, or the image, of whole slices in few pixels."""
    settings = whole(updates, seen, SIDE, noise=(NOISE, NOISE), acceleration=RATES, coil_acceleration=RATES)
    images = {"data": read(sources("siat_brain_train")[0]), "validation": held_back(10)}
    files = {"data": "siat_brain_train", "validation": "siat_brain_val"}
    return {
        **settings,
        "simulation": {**settings["simulation"], "lines": 1.0, "coils": 1.0, "coil_count": [COILS, COILS]},
        **{part: kept(files[part], f"whole_{SIDE}", [small(x, SIDE) for x in some]) for part, some in images.items()},
    }


def naive(models, updates):
    """Return the two networks by their name, one for each seed that was trained."""
    return {name: models.seeds(**training(seen, updates)) for name, seen in ((NAIVE, "kspace"), (TWIN, "image"))}


def in_few_pixels(methods, networks, images):
    """Return PSNR and SSIM (network or 1, slice, 2) by acceleration, by method; None for what is not trained."""
    found = {}
    for acceleration in RATES:
        case = f"{SIDE} pixels, {acceleration:g}x"
        pairs = [(simulated(image, acceleration, seed), image) for seed, image in enumerate(images)]
        several = {**{name: [method] for name, method in methods.items()}, **networks}
        found[case] = {
            name: torch.stack([scored(one, pairs, case) for one in some]) if some else None
            for name, some in several.items()
        }
    return found


def drawn(methods, networks):
    """Draw a simulated head, and what each method makes of it."""
    image = head((SIDE, SIDE), seed=77)
    image = image / image.abs().max()
    shown = {**methods, **{name: several[0] for name, several in networks.items() if several}}
    rows = {}
    for acceleration in RATES:
        scan = simulated(image, acceleration)
        rows[f"{acceleration:g}x"] = {name: dealias.reconstruct(method, scan) for name, method in shown.items()}
    PAGES.mkdir(parents=True, exist_ok=True)
    compared(PAGES / "survey.png", rows, image)


def gains(scores, one, other):
    """Return by how many decibels one method is above another, by case; None where either is not there.

    Arguments:
        scores: PSNR and SSIM (..., scan, 2) by case, by method. Of several networks (network, scan, 2) the mean over
            scans counts, since it is networks that are repeated.
    """
    found = {}
    for case, methods in scores.items():
        a, b = methods.get(one), methods.get(other)
        found[case] = None
        if a is not None and b is not None:
            once = [a.ndim > 2 and name not in (NAIVE, TWIN) for name in (one, other)]
            gain = paired(a, b, once=once)[..., 0]
            found[case] = gain if gain.ndim == 1 else gain.mean(1)
    return found


def claims(coils, pixels):
    """Return what the survey says, and what came out, from the scores on measured coils and in few pixels."""
    duels = [("the U-Net is better than total variation", "clearly", gains(coils, UNET, TOTAL))]
    duels += [
        (f"{name}, which knows the physics, is better than the U-Net", "yes", gains(coils, name, UNET))
        for name in UNROLLED
    ]
    duels += [
        (
            f"the naive network is behind {words} (decibels that it lacks)",
            "far more data needed",
            gains(pixels, other, NAIVE),
        )
        for other, words in ((TOTAL, TOTAL), (TWIN, "the same network, fed with the image"))
    ]
    return [Claim(text, said, listed(found) or None, verdict([*found.values()])) for text, said, found in duels]


def rows(scores):
    """Return the rows of a table, a method each, PSNR / SSIM of every case."""
    names = {name: None for methods in scores.values() for name in methods}
    return [[name, *(_cell(methods[name]) for methods in scores.values())] for name in names]


def _cell(values):
    return None if values is None else "{:.2f} / {:.3f}".format(*values.flatten(0, -2).mean(0).tolist())


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--images", type=int, default=3)
    options = parser.parse_args()
    methods = known(NAMES)
    networks = naive(brains(options.minutes), options.updates)
    with warnings.catch_warnings(action="ignore", category=Note):  # of maps and noise that are estimated
        coils = measured(methods)
    pixels = in_few_pixels(methods, networks, [small(image, SIDE) for image in held_back(options.images)])
    drawn(methods, networks)
    shipped = [name for name in NAMES.values() if name in weights()]
    text = (
        "PSNR / SSIM of brains whose coils were measured in full: random whole lines, fastMRI's share of central ones "
        f"(8 % at 4x, 4 % at 8x) but {CALIBRATION} at least, which ESPIRiT needs for the maps; nobody told the noise. "
        f"Means over {len(SEEDS)} masks, whose standard deviation follows a gain. References are the full scans, noise "
        "and all. The two scans chose the checkpoints and constants of the networks; no update saw them. "
        f"{described(*shipped)}. The U-Net has {sum(p.numel() for p in methods[UNET].parameters()):,} parameters, "
        "learned by the magnitudes' L1 error, and takes the phase of the zero-filled image, which counts nothing here. "
        "Where it is behind, that tells of a network that saw five brains for minutes; those of the literature saw "
        "fastMRI's volumes for days."
        if UNET in methods
        else "There are no weights of the U-Net yet."
    )
    naively = (
        "A naive network: the U-Net of 24 features fed with the masked k-space, and the same fed with the image, whole "
        f"slices in {SIDE} x {SIDE} pixels, {options.updates} updates of four each; beside what is shipped, on "
        f"{options.images} slices of the held-back brain, {COILS} simulated coils, noise {NOISE:g}:"
    )
    parts = [
        text,
        table(["", *coils], rows(coils)),
        "A simulated head, as many coils, SSIM (Gaussian window of 11 x 11) below:",
        figure("survey", "target, zero-filled, total variation and networks at 4x and 8x with SSIM"),
        naively,
        table(["", *pixels], rows(pixels)),
    ]
    write(
        "survey", "The survey's figure: the U-Net, total variation and unrolled networks", parts, claims(coils, pixels)
    )


if __name__ == "__main__":
    main()
