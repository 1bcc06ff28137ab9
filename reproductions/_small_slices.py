"""Small slices for the study of flows, what is measured of them, and how the flow's settings are found."""

import torch

import dealias
from _data import sources, spread
from dealias.evaluation.metrics import psnr
from dealias.files.images import images as read
from dealias.methods.flow_prior import FlowPrior
from dealias.priors._magnitudes import small_magnitudes

SIZE, ACCELERATION = (80, 64), 4.0
CHOOSING = 6  # every sixth slice of the subject that chooses is one by which the weights were chosen
UPDATES = (25, 50, 100)
RANGES = {"rate": (0.03, 0.1, 0.3), "l1_weight": (1e-3, 5e-3, 2e-2), "probability_weight": (5e-3, 2e-2, 8e-2)}
FIRST = {"start": None, "rate": 0.1, "l1_weight": 5e-3, "probability_weight": 0.0}  # until it is chosen


def slices(count):
    """Return small magnitudes (slice, y, x): three that tune, and so many that are reported."""
    found = [small_magnitudes(image, SIZE) for image in read(sources("siat_brain_val")[0])]
    choosing = found[::CHOOSING]
    others = [image for number, image in enumerate(found) if number % CHOOSING]
    return torch.stack(choosing[::2]), torch.stack(spread(others, min(count, len(others))))


def in_bits(images, bits):
    """Return magnitudes in so many grey levels."""
    return (images * (2**bits - 1)).round() / (2**bits - 1)


def scan(images, first=0):
    """Return what one coil measures of magnitudes at 4x, without noise, each slice with a pattern of its own."""
    numbers = range(first, first + len(images))
    generators = [torch.Generator().manual_seed(number) for number in numbers]
    masks = [dealias.sampling.gaussian(SIZE, ACCELERATION, generator=generator) for generator in generators]
    return dealias.Acquisition.simulate(images.to(torch.complex64), torch.stack(masks)[:, None])


def followed(method, images, first=0):
    """Return the PSNR of each estimate, and of the same with the measured samples put back (2, update, slice)."""
    measured = scan(images, first)
    made = [*dealias.iterate(method, measured)]
    restored = [x - measured.gradient(x) for x in made]
    return torch.stack([torch.stack([psnr(x, images) for x in found]) for found in (made, restored)])


def tuned(numbers, images):
    """Return the settings that suit slices of 4 bits best, one found after the other, and the rows of the trials."""
    images, rows = in_bits(images, 4), {}

    def trial(**changes):
        settings = {"iterations": UPDATES[-1] + 1, **FIRST, **changes}
        path = numbers.get(lambda: followed(FlowPrior(**settings), images), trial=settings)
        means = [None] * len(UPDATES) if path is None else [float(path[1, update - 1].mean()) for update in UPDATES]
        named = ["the data" if settings["start"] is None else "zero", *(f"{settings[name]:g}" for name in RANGES)]
        rows[tuple(settings.values())] = [*named, *(mean if mean is None else f"{mean:.2f}" for mean in means)]
        return means

    chosen = {}
    for name, values in {"start": (None, 0.0), **RANGES}.items():
        found = {value: trial(**chosen, **{name: value}) for value in values}
        if any(None in means for means in found.values()):
            return None, [*rows.values()]
        chosen[name] = max(found, key=lambda value: max(found[value]))
    means = found[chosen[name]]
    return {"iterations": UPDATES[means.index(max(means))] + 1, **chosen}, [*rows.values()]
