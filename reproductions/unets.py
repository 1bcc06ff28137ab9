"""The U-Nets beside the RIM: kinds of pooling and of output, and the same network without physics.

    python reproductions/unets.py --minutes 25                      # trains what fits, the rest in the next run
    python reproductions/unets.py --updates 20000 --images 10 --minutes 900

The RIM paper's U-Net pools by the maximum, which it found better than the average; it "failed" on real and imaginary
parts, for which one network each for magnitude and phase is suggested; the survey says that the U-Net is clearly better
than total variation, and that the same network fed with the measurements needs far more data.
"""

import torch
from matplotlib.figure import Figure
from torch.nn.functional import pad

import dealias
from _data import held_back, kept, sources, spread
from _image_trainings import WHY, brains, rim, unet
from _page import Claim, figure, save, table, training_options, write
from _scores import ABROAD, BRAIN, bodies, cells, decibels, everywhere, gain
from _verdict import listed, verdict
from dealias.errors import UserError
from dealias.files.images import images as read
from dealias.training.augment import shrunk

FIRST = "U-Net"
VARIANTS = {
    FIRST: {"normalised": False},
    "U-Net, average pooling": {"normalised": False, "pooling": "average"},
    "U-Net, complex output": {"normalised": False, "output": "complex"},
    "U-Nets for magnitude and phase": {"normalised": False, "output": "pair"},
    "U-Net of fastMRI": {"poolings": 4},
}
COUNTS, SIDE = (1, 5, 20, 100), 64
TOTAL, CS, SHIPPED, BRIEF = "total variation", "wavelet CS", "RIM, shipped", "RIM, trained for minutes too"
UNET = "U-Net, shipped"
GIVEN = (TOTAL, CS, SHIPPED, UNET)  # not trained here
PHASE = "brain, complex"


def training(updates, arguments):
    """Return a training of a U-Net; the phase is learned from complex errors, a magnitude from its own."""
    settings = unet(updates, crop=96, batch=2)
    loss = "squared_error" if arguments.get("output") in ("complex", "pair") else settings["loss"]
    return {**settings, "method_arguments": {"features": 24, **arguments}, "loss": loss}


def compared(models, updates):
    """Return by its name every method, one for each seed that was trained."""
    found = {"zero-filled": ["zero_filled"], TOTAL: ["total_variation"], CS: ["wavelet"], SHIPPED: ["rim"]}
    found[BRIEF] = models.seeds(**rim(max(1000, updates)))
    found |= {name: models.seeds(**training(updates, arguments)) for name, arguments in VARIANTS.items()}
    try:
        return {**found, UNET: [dealias.load("unet")]}
    except UserError:  # no weights yet
        return found


def small(image, side=SIDE):
    """Return a whole image (side, side): a network that is fed with k-space knows one size alone."""
    image = shrunk(image, side / max(image.shape))
    rows, columns = image.shape
    return pad(image, (0, side - columns, 0, side - rows)) / image.abs().max()


def whole(updates, seen, side=SIDE, **ranges):
    """Return a training of the U-Net on whole images, of which it sees `image` or `kspace`."""
    settings = unet(updates, crop=side, batch=4, **ranges)
    return {**settings, "method_arguments": {"features": 24, "input": seen}}


def by_images(models, updates, places):
    """Return the PSNR at home and abroad by what the network sees and how many images it learned from."""
    images = read(sources("siat_brain_train")[0])
    validation = kept("siat_brain_val", "small", [small(image) for image in held_back(10)])
    found = {}
    for count in COUNTS:
        count = min(count, len(images))
        data = kept("siat_brain_train", f"small_{count}", [small(image) for image in spread(images, count)])
        for seen in ("image", "kspace"):
            methods = models.seeds(**{**whole(updates, seen), "data": data, "validation": validation})
            found[seen, count] = everywhere(methods, places)
    return found


def drawn(learned, zero):
    """Draw PSNR against the number of training images, fed with images and with k-space."""
    sheet = Figure(figsize=(5.5, 3.4), layout="constrained")
    axis = sheet.subplots()
    for seen, colour in (("image", "#2171b5"), ("kspace", "#d94801")):
        for place, style in ((BRAIN, "-"), (ABROAD, ":")):
            known = {n: found for (fed, n), found in learned.items() if fed == seen and found is not None}
            points = [(n, float(found[place].mean())) for n, found in known.items()]
            name = {"image": "fed with the image", "kspace": "fed with k-space"}[seen]
            axis.plot(
                *zip(*points, strict=True) if points else ([], []),
                style,
                marker="o",
                color=colour,
                label=f"{name}, {place}",
            )
    axis.axhline(float(zero[BRAIN]), color="0.6", linewidth=1, label=f"zero-filled, {BRAIN}")
    axis.axhline(float(zero[ABROAD]), color="0.6", linewidth=1, linestyle=":", label=f"zero-filled, {ABROAD}")
    axis.set_xscale("log")
    numbers = [n for seen, n in learned if seen == "image"]
    axis.set_xticks(numbers, numbers)
    axis.minorticks_off()
    axis.set_xlabel("training images")
    axis.set_ylabel("PSNR at 4x / dB")
    axis.legend(frameon=False, fontsize=7)
    save("unets", sheet)


def claims(scores, learned):
    """Return what the papers and the survey say, and what came out."""

    def duel(text, said, one, other, places, least=0.0):
        once = [name in GIVEN for name in (one, other)]
        gains = {place: gain(scores[one], scores[other], place, once=once) for place in places}
        return Claim(text, said, listed(gains), verdict([*gains.values()], least))

    everyone = (BRAIN, ABROAD)
    average, complex_, pair = list(VARIANTS)[1:4]
    ours = [name for name in VARIANTS if scores[name] is not None]
    equal = max(ours, key=lambda name: float(scores[name][ABROAD].mean()), default=FIRST)
    rivals = [name for name in (equal, UNET) if scores.get(name) is not None]
    best = max(rivals, key=lambda name: float(scores[name][ABROAD].mean()), default=FIRST)
    brief, most = learned["image", min(COUNTS)], learned["kspace", max(n for _, n in learned)]
    lines = [
        duel("pooling by the maximum is better than by the average", "stated", FIRST, average, everyone),
        duel("a complex output is worse than a magnitude", '"failed"', FIRST, complex_, everyone),
        duel("networks for magnitude and phase are better than complex output", "suggested", pair, complex_, everyone),
        duel(f"the RIM is 2 dB above the best U-Net abroad ({best})", "project's goal", SHIPPED, best, [ABROAD], 2.0),
        duel(f"so is a RIM trained for minutes above the best of them ({equal})", "RIM better", BRIEF, equal, everyone),
        duel("the U-Net is better than total variation (4x)", "survey: clearly", best, TOTAL, everyone),
    ]
    lead = {place: gain(brief, most, place) for place in everyone}
    text = "fed with k-space it needs far more data: with one image the other is ahead of it with all"
    lines.append(Claim(text, "survey", listed(lead), verdict([*lead.values()])))
    return lines


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--images", type=int, default=6)
    options = parser.parse_args()
    models = brains(options.minutes)
    places = bodies(options.images)
    methods = compared(models, options.updates)
    scores = {name: everywhere(several, places) for name, several in methods.items()}
    for name, found in scores.items():
        if found is not None:
            phases = [decibels(method, places[BRAIN], phase=True) for method in methods[name]]
            found[PHASE] = torch.tensor(phases)
    shrunken = {name: [small(image) for image in images] for name, images in places.items()}
    learned = by_images(models, options.updates, shrunken)
    drawn(learned, zero := everywhere(["zero_filled"], shrunken))
    columns = [*places, ABROAD, PHASE]
    text = (
        f"PSNR / dB at 4x on {options.images} slices of a brain that was held back and on bodies that no training saw, "
        "2D Gaussian masks, noise 0.001 of the maximum; magnitudes, but for the last column; mean ± standard deviation "
        "over the seeds that were trained. The U-Nets have 24 "
        f"features and learned from {options.updates} updates of two crops of 96 x 96 at 1.5 to 5.2x, the shipped "
        "networks for hours from more kinds of images, their settings chosen while such bodies were watched, the other "
        f"RIM from {max(1000, options.updates)} updates of 8 patches of 30 x 30. A network of magnitudes takes "
        "the phase of the zero-filled image."
    )
    without = (
        f"Without physics: the U-Net of 24 features fed with the zero-filled image, or with the masked k-space, whole "
        f"images in {SIDE} x {SIDE} pixels, {options.updates} updates of four, by the number of images it learned "
        "from (spread over five subjects):"
    )
    numbers = [n for seen, n in learned if seen == "image"]
    rows = [
        [place, fed, f"{float(zero[place]):.2f}", *(cells(learned[seen, n], [place])[0] for n in numbers)]
        for place in (BRAIN, ABROAD)
        for seen, fed in (("image", "the image"), ("kspace", "k-space"))
    ]
    parts = [
        text,
        table(["method", *columns], [[name, *cells(found, columns)] for name, found in scores.items()]),
        without,
        table(["", "fed with", "zero-filled", *numbers], rows),
        figure("unets", "PSNR against the number of training images"),
        WHY,
    ]
    write("unets", "U-Nets, and the network without physics", parts, claims(scores, learned))


if __name__ == "__main__":
    main()
