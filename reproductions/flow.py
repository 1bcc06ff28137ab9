"""The study of flows: three objectives for the image of a spline flow, beside a generator and deep basis pursuit.

    python reproductions/flow.py --minutes 25        # goes on where it stopped; anew where the shipped weights changed
    python reproductions/flow.py --minutes 60 --updates 3000

A flow that learned 4-bit magnitudes of 80 x 64 pixels reconstructs slices of 4 and of 8 bits, by Adam over z,
with a penalty of z (L1), of improbability, or of both. As in the study rate and L1's weight are tuned for L1 on 4 bits,
the weight of probability with L1's held, and all are kept for 8 bits; here on slices that are not reported.
"""

import torch
from matplotlib.figure import Figure

import dealias
from _data import kept, sources, spread
from _image_trainings import PLAIN
from _models import Models
from _page import Claim, figure, save, table, training_options, write
from _remembered import InTime, digest
from _small_slices import ACCELERATION, SIZE, UPDATES, followed, in_bits, slices, tuned
from _verdict import both, listed, verdict, worded
from dealias.files.images import images as read
from dealias.methods.flow_prior import FlowPrior
from dealias.methods.generator_prior import GeneratorPrior
from dealias.priors._magnitudes import small_magnitudes

BITS = (4, 8)
L1, PROBABILITY, COMBINED = "flow, L1", "flow, probability", "flow, both"
FLOWS = (L1, PROBABILITY, COMBINED)
CS, GENERATOR, PURSUIT = "CS", "generator", "deep basis pursuit"
TOGETHER = 5  # slices of one computation
TIE, AS_WELL = 0.1, 0.5  # dB: what we call a tie, and as good on 8 bits as on 4
SPARE = {"iterations": 150, "restarts": 2, "rate": 0.1}  # of the generator


def of_flow(chosen, name):
    """Return the flow's method with one of the objectives."""
    without = {L1: {"probability_weight": 0.0}, PROBABILITY: {"l1_weight": 0.0}, COMBINED: {}}
    return FlowPrior(**(chosen | without[name]))


def scored(numbers, images, bits, name, method):
    """Return the PSNR of the last but one estimate, a prior's own, and of the last (2, slice); None where not run."""
    images = in_bits(images, bits)
    parts = []
    for first in range(0, len(images), TOGETHER):
        part = images[first : first + TOGETHER]
        parts.append(
            numbers.get(
                lambda part=part, first=first: followed(method, part, first)[0, -2:],
                **{"method": name, "arguments": method.arguments, "bits": bits, "first": first, "slices": len(part)},
            )
        )
    return None if any(part is None for part in parts) else torch.cat(parts, 1)


def pursuit(minutes, updates):
    """Return deep basis pursuit that learned from undersampled k-space alone, of small images; None where not yet."""
    small = {
        name: kept(name, "small", [small_magnitudes(image, SIZE).to(torch.complex64) for image in read(file)])
        for name in ("siat_brain_train", "siat_brain_val")
        for file in sources(name)
    }
    models = Models(minutes, data=small["siat_brain_train"], validation=small["siat_brain_val"])
    simulation = PLAIN | {"crop": [64, 64], "acceleration": [ACCELERATION] * 2, "noise": [1e-4, 1e-3], "batch": 4}
    return models.get(
        method="basis_pursuit",
        method_arguments={"features": 32, "size": 3, "directions": 2, "ball": 0.0},
        simulation={**simulation, "phase": 0.0},
        loss="measured",
        updates=updates,
        every=updates,
    )


def represented(numbers, images):
    """Return what the generator and the flow miss of slices, |G(z) - x| / |x| (2, slice), and the bits of a pixel."""

    def missed(x):
        return torch.linalg.vector_norm(x - images, dim=(-2, -1)) / torch.linalg.vector_norm(images, dim=(-2, -1))

    def compute():
        full = dealias.Acquisition.simulate(images.to(torch.complex64), torch.ones(SIZE, dtype=torch.bool))
        flow = FlowPrior().prior
        *_, made, _ = dealias.iterate(GeneratorPrior(weight=0.0, **SPARE), full)  # the last one obeys the data
        with torch.no_grad():
            back, _ = flow.decode(flow.encode(images)[0])
            bits = [flow.loss(image, torch.Generator().manual_seed(0)) for image in images]
        return torch.stack([missed(made.abs()), missed(back), torch.stack(bits)])

    return numbers.get(compute, what="representation", slices=len(images), **SPARE)


def alone(images):
    """Return how many bits a pixel of 4 bits takes by its own, whatever its neighbours are."""
    share = torch.bincount((images * 15).round().long().flatten(), minlength=16) / images.numel()
    return float(-(share[share > 0] * share[share > 0].log2()).sum())


def nrmse(decibels, images):
    """Return the error over the norm of slices of largest magnitude one."""
    return 10 ** (-decibels / 20) * images[0].numel() ** 0.5 / torch.linalg.vector_norm(images, dim=(-2, -1))


def difference(one, other):
    """Return one less the other, None where one of them is not run."""
    return None if one is None or other is None else one - other


def steadier(errors):
    """Return the claim about spreads over slices: one number for each set, whose chance nobody knows."""
    found = {bits: [errors[bits, name] for name in (PURSUIT, COMBINED)] for bits in BITS}
    said = holds = None
    if not any(values is None for pair in found.values() for values in pair):
        spreads = {bits: [float(values.std()) for values in pair] for bits, pair in found.items()}
        said = ", ".join(f"{bits} bits {a:.4f} against {b:.4f}" for bits, (a, b) in spreads.items())
        agreed = {a < b for a, b in spreads.values()}
        holds = agreed.pop() if len(agreed) == 1 else None  # only where both sets agree
    return Claim("deep basis pursuit is steadier from slice to slice (NRMSE)", "figures only", said, holds)


def claims(scores, errors, missed):
    """Return what the study says.

    Arguments:
        scores: PSNR (slice,) by bits and method; None where not run.
        errors: NRMSE likewise.
        missed: of the generator and of the flow (2, slice), or None.
    """

    def gains(one, other, values=scores):
        return {f"{bits} bits": difference(values[bits, one], values[bits, other]) for bits in BITS}

    over = {name: gains(COMBINED, name) for name in (L1, PROBABILITY)}
    worse, less = gains(L1, PROBABILITY), gains(PURSUIT, COMBINED, errors)
    kept_up = {"8 bits over 4": difference(scores[8, COMBINED], scores[4, COMBINED])}
    apart = {"generator over flow": None if missed is None else missed[0] - missed[1]}
    words = {name: listed(found) for name, found in over.items()}
    return [
        Claim(
            f"both penalties are as good as each alone, or better (within {TIE:g} dB)",
            "figures only",
            None if None in words.values() else "; ".join(f"over {name}: {gain}" for name, gain in words.items()),
            both(*(verdict([*found.values()], -TIE) for found in over.values())),
        ),
        Claim("probability alone is poor: L1 is above it", "figures only", listed(worse), verdict([*worse.values()])),
        Claim(
            f"learned on 4 bits it works on 8 (both penalties; within {AS_WELL:g} dB of 4 bits)",
            "figures only",
            listed(kept_up),
            verdict([*kept_up.values()], -AS_WELL),
        ),
        Claim(
            "the flow beats deep basis pursuit at a quarter of the size (NRMSE)",
            "figures only",
            listed(less, "+.4f", ""),
            verdict([*less.values()]),
        ),
        steadier(errors),
        Claim(
            "a generator cannot make most images, a flow every one (error over norm)",
            "stated (Bora et al., Asim et al.)",
            listed(apart, "+.3f", ""),
            verdict([*apart.values()]),
        ),
    ]


def draw_bars(scores, count):
    """Draw the PSNR of each slice with each objective."""
    sheet = Figure(figsize=(9, 5), layout="constrained")
    for axis, bits in zip(sheet.subplots(2, 1, sharex=True), BITS, strict=True):
        for number, name in enumerate(FLOWS):
            if scores[bits, name] is not None:
                places = [slice_ + 0.27 * (number - 1) for slice_ in range(count)]
                axis.bar(places, scores[bits, name].numpy(), 0.25, label=name)
        axis.set_ylabel(f"PSNR, {bits} bits / dB")
        lows = [float(scores[bits, name].min()) for name in FLOWS if scores[bits, name] is not None]
        if lows:
            axis.set_ylim(bottom=min(lows) - 3)
    axis.set_xlabel("slice")
    sheet.legend(*sheet.axes[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    save("flow", sheet)


def draw_samples(images):
    """Draw nine slices, and nine random images of the flow and of the generator."""
    flow, generator = FlowPrior().prior, GeneratorPrior().prior
    numbers = torch.Generator().manual_seed(0)
    with torch.no_grad():
        drawn = {
            "slices": in_bits(torch.stack(spread(images, 9)), 4),
            "the flow": flow.sample(9, numbers),
            "the generator": generator.decode(torch.randn(9, generator.length, generator=numbers)),
        }
    sheet = Figure(figsize=(9, 4), layout="constrained")
    for axis, (name, nine) in zip(sheet.subplots(1, 3), drawn.items(), strict=True):
        square = nine.reshape(3, 3, *SIZE).movedim(2, 1).reshape(3 * SIZE[0], 3 * SIZE[1])
        axis.imshow(square.clamp(0, 1).numpy(), cmap="gray")
        axis.set_title(name, fontsize=10)
        axis.axis("off")
    save("flow_samples", sheet)


def cells(values, form=".2f"):
    """Return the mean and deviation of values over slices, None where they are not run."""
    return None if values is None else worded(values, form)


def judged(numbers, images, methods):
    """Return PSNR and NRMSE of the final image, and PSNR of the prior's own (slice,), by bits and method."""
    scores, errors, own = {}, {}, {}
    for name, method in methods.items():
        for bits in BITS:
            pair = None if method is None else scored(numbers, images, bits, name, method)
            scores[bits, name] = None if pair is None else pair[1]
            errors[bits, name] = None if pair is None else nrmse(pair[1], in_bits(images, bits))
            own[bits, name] = None if pair is None or name in (CS, PURSUIT) else pair[0]
    return scores, errors, own


def text_of(images, missed, chosen, updates):
    """Return what was done, in words."""
    bits = "not run yet" if missed is None else worded(missed[2], ".2f")
    settings = "not run yet" if chosen is None else ", ".join(f"{name} {value}" for name, value in chosen.items())
    return [
        f"{len(images)} slices of a subject that no training saw, none of them among those by which the shipped "
        f"weights were chosen; magnitudes averaged over areas to {SIZE[0]} x {SIZE[1]}, one coil, 2D Gaussian masks at "
        f"{ACCELERATION:g}x, no noise. The study had knees, whose test slices its flow had seen. The flow takes {bits} "
        f"bits for a pixel of 4 bits; pixels that know nothing of each other would take {alone(images):.2f}. "
        f"Settings, tuned on three other slices: {settings}. Deep basis pursuit learned from undersampled k-space of "
        f"the same brains alone, {updates} updates of 4 crops of 64 x 64, with 32 features and kernels of 3 x 3 where "
        "the study has 64 and 7 x 7; CS: wavelets, regularisation by itself. Mean and deviation over slices.",
        "In the final image the measured samples are put back; beside it G(z), the prior's own, where the study ends:",
    ]


def write_page(images, missed, tuning, results, updates):
    """Write the page of what is there."""
    (chosen, trials), (scores, errors, own) = tuning, results
    draw_bars(scores, len(images))
    draw_samples(images)
    head = [f"{what}, {bits} bits" for bits in BITS for what in ("PSNR / dB", "NRMSE", "G(z), PSNR / dB")]
    rows = []
    for name in (CS, PURSUIT, GENERATOR, *FLOWS):
        line = [name]
        for bits in BITS:
            prior = name not in (CS, PURSUIT)
            line += [cells(scores[bits, name]), cells(errors[bits, name], ".4f")]
            line += [cells(own[bits, name]) if prior else ""]
        rows.append(line)
    misses = [
        ["generator, by Adam over z", None if missed is None else worded(missed[0], ".3f")],
        ["flow, there and back", None if missed is None else worded(missed[1], ".1e")],
    ]
    parts = [
        *text_of(images, missed, chosen, updates),
        table(["", *head], rows),
        figure("flow", "PSNR of each slice with each objective"),
        "What each can represent at all, |G(z) - x| / |x|, and nine random images of each beside nine slices:",
        table(["", "missed"], misses),
        figure("flow_samples", "nine slices, nine samples of the flow, nine of the generator"),
        "How the settings were chosen, one after the other: mean PSNR of three slices of 4 bits, measured samples put "
        "back, after so many updates.",
        table(["begins at", "rate", "weight of L1", "of probability", *(f"{n} updates" for n in UPDATES)], trials),
        "Where a claim does not hold: the flow learned for minutes, from 150 slices of five heads, the study's for "
        "hours, from 3,302 of knees; and each network is one training, in which chance has a part.",
    ]
    write("flow", "A flow and a generator as priors of small images", parts, claims(scores, errors, missed))


def main():
    """Compute what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--slices", type=int, default=15, help="that are reported")
    parser.add_argument("--updates", type=int, default=300, help="of deep basis pursuit")
    options = parser.parse_args()
    if options.slices < 2:
        parser.error("a spread needs two slices or more")
    of = {"data": sources("siat_brain_val"), "flow": digest("flow"), "generator": digest("generator")}
    numbers = InTime(options.minutes, page="flow", **of, pursuit=options.updates)
    trial_images, images = slices(options.slices)
    missed = represented(numbers, images)
    tuning = tuned(numbers, trial_images)
    methods = {CS: dealias.load("wavelet"), PURSUIT: pursuit(numbers.left / 60, options.updates)}
    methods |= {GENERATOR: GeneratorPrior(**SPARE)}
    methods |= {name: of_flow(tuning[0], name) if tuning[0] else None for name in FLOWS}
    write_page(images, missed, tuning, judged(numbers, images, methods), options.updates)


if __name__ == "__main__":
    main()
