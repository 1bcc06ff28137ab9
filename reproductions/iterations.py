"""How many iterations the CRNN needs, with which units, what its memory is worth, and how far it sees.

    python reproductions/iterations.py --minutes 25            # trains three kinds of units, and one without W_i
    python reproductions/iterations.py --each 600 --minutes 2500 --hearts 10 --rows 256 --frames 30

Fig. 3 of the CRNN paper: PSNR against the iterations at test time, more than were trained. Units and memory are
compared by networks that learned for the same time; the first curves and the receptive field are of the shipped
weights.
"""

from dataclasses import replace

import torch
from matplotlib.figure import Figure

import dealias
from _film_trainings import models, network
from _films import FIRST, Subject, hearts
from _forgetful import Forgetful
from _page import Claim, figure, save, table, training_options, write
from _verdict import listed, stacked, verdict, worded
from dealias import cards
from dealias.evaluation.metrics import psnr
from dealias.phantoms import heart

ACCELERATIONS, COMPARED = (6.0, 9.0, 11.0), 9.0
ITERATIONS, TRAINED = 20, 5
UNITS = ("relu", "gru", "lstm", "relu, W_i = 0")
FEATURES = 32  # of those compared: with 64 an LSTM makes 90 updates in six minutes
DEPTH, SIZE = 8, (8, 96, 64)  # of the receptive field: iterations, and a film that holds it


def unit(name):
    """Return the settings of a network with these units."""
    if name in UNITS[:3]:
        return network("CRNN A", features=FEATURES, cell=name)
    return {**network("CRNN A", features=FEATURES), "method": f"{Forgetful.__module__}.{Forgetful.__name__}"}


def curve(method, subjects, acceleration):
    """Return the PSNR after each iteration (subject, iteration), the mean over frames, peak 1."""
    values = [
        [float(psnr(x, s.film, data_range=1.0).mean()) for x in dealias.iterate(method, scan, iterations=ITERATIONS)]
        for s, scan in ((s, s.scan(acceleration)) for s in subjects)
    ]
    return torch.tensor(values)


def field(method):
    """Return from how many rows, and from how many frames, a pixel in the middle takes what it becomes, (iteration, 3).

    By the gradient of the pixel with respect to the data, as an image. The first number is of rows that have a part, as
    far as single precision tells; at most five on each side for an iteration and one for each frame that a memory came
    from. The others are of the nearest rows and frames that hold 99 % of the gradient's energy. Columns say nothing:
    lines that are missing mix them all.
    """
    frames, rows, columns = SIZE
    scan = Subject("", heart(SIZE, seed=FIRST), columns, FIRST).scan(4.0)
    problem, _ = method.normalised(scan)
    problem = replace(problem, kspace=problem.kspace.clone().requires_grad_())
    method.iterations = DEPTH
    found = []
    for x in method.estimates(problem):
        pixel = x[frames // 2, rows // 2, columns // 2].real
        (slope,) = torch.autograd.grad(pixel, problem.kspace, retain_graph=True)
        energy = problem.operator.adjoint(slope).abs().square()
        over_rows, over_frames = energy.sum((0, 2)), energy.sum((1, 2))
        # rounding leaves up to 1e-15 in the others
        found.append([int((over_rows > 1e-13 * over_rows.max()).sum()), width(over_rows), width(over_frames)])
    return torch.tensor(found)


def width(energy, share=0.99):
    """Return how many places nearest to the middle hold this share of an energy."""
    distance = (torch.arange(len(energy)) - len(energy) // 2).abs()
    held = torch.stack([energy[distance <= d].sum() for d in range(len(energy) // 2 + 1)])
    reach = int((held < share * energy.sum()).sum())
    return min(2 * reach + 1, len(energy))


def drawn(shipped, units, seen):
    """Draw PSNR against iterations for accelerations and for units, and the receptive field."""
    curves = {"shipped weights": {f"{r:g}x": values for r, values in shipped.items()}}
    if units:
        curves[f"units at {COMPARED:g}x"] = units
    sheet = Figure(figsize=(3.7 * (1 + len(curves)), 3.2), layout="constrained")
    *others, right = sheet.subplots(1, 1 + len(curves))
    for axis, (title, several) in zip(others, curves.items(), strict=True):
        for name, values in several.items():
            axis.plot(range(1, ITERATIONS + 1), values.mean(0), label=name)
        axis.axvline(TRAINED, color="0.8", zorder=0)
        axis.set_xlabel("iterations at test time")
        axis.set_ylabel("PSNR / dB")
        axis.set_title(title, fontsize=10)
    for values, name in zip(seen.T, ("rows", "rows, 99 %", "frames, 99 %"), strict=True):
        right.plot(range(1, DEPTH + 1), values, "o-", label=name)
    right.set_title("receptive field", fontsize=10)
    right.set_xlabel("iteration")
    for axis in (*others, right):
        axis.legend(frameon=False, fontsize=8)
    save("iterations", sheet)


def soonest(values):
    """Return after how many iterations PSNR (seed, iteration) is within 0.1 dB of its best, (seed,)."""
    return (values >= values.amax(1, keepdim=True) - 0.1).to(torch.uint8).argmax(1).float() + 1


def claims(shipped, units, seen):
    """Return what the paper says of iterations and units, and what came out."""
    last = {
        name: torch.stack([values[:, late - 1] - values[:, early - 1] for values in shipped.values()]).mean(0)
        for name, (early, late) in {"5 to 10": (5, 10), "10 to 20": (10, 20)}.items()
    }
    lines = [
        Claim(
            f"twice the iterations of the training still gain (the paper's 10 to 20; ours {TRAINED} to {2 * TRAINED})",
            "+0.15 dB on average",
            listed(last),
            verdict([last["5 to 10"]], repetitions=2),  # over subjects
        )
    ]
    nearly = {name: soonest(values) for name, values in units.items()}
    best = {name: float(values.amax(1).mean()) for name, values in units.items()}
    known = all(name in units for name in UNITS[:3])
    text = holds = None
    if known:
        text = ", ".join(f"{name} {worded(nearly[name], '.1f')} ({best[name]:.1f} dB)" for name in UNITS[:3])
        # one that has hardly learned is soon at its best
        equals = [nearly[name] for name in ("gru", "lstm") if best[name] > best["relu"] - 0.5]
        seeds = min(map(len, nearly.values()))
        decided = [verdict([nearly["relu"][:seeds] - some[:seeds]]) for some in equals]
        holds = None if None in decided or not decided else any(decided)
        holds = True if True in decided else holds
    lines.append(
        Claim("GRU or LSTM units might need fewer iterations (to 0.1 dB of their best)", "a guess", text, holds)
    )
    pair = [units[name] for name in ("relu", UNITS[3]) if name in units]
    seeds = min(map(len, pair), default=0)
    gain = pair[0][:seeds].amax(1) - pair[1][:seeds].amax(1) if len(pair) == 2 else None
    text = None
    if gain is not None:
        after = pair[0][:seeds, TRAINED - 1] - pair[1][:seeds, TRAINED - 1]
        text = f"{worded(gain)} dB at {COMPARED:g}x, best against best; {worded(after)} after {TRAINED}"
    lines.append(
        Claim(
            "the memory of iterations helps (against W_i = 0)",
            "not measured",
            text,
            verdict([gain]),
        )
    )
    rows = seen[:, 0].tolist()
    text = ", ".join(map(str, rows)) + " rows"
    lines.append(Claim("the receptive field grows with the iterations", "said", text, rows == sorted(set(rows))))
    return lines


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--each", type=float, default=6.0, help="minutes for each network")
    parser.add_argument("--hearts", type=int, default=2)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--rows", type=int, default=48, help="of a film, those that move most")
    options = parser.parse_args()
    subjects = hearts(options.hearts, frames=options.frames, rows=options.rows)
    trainer = models(options.minutes, options.each)
    methods = {name: trainer.seeds(**unit(name)) for name in UNITS}
    units = {
        name: stacked([curve(method, subjects, COMPARED).mean(0) for method in several])
        for name, several in methods.items()
        if several
    }
    shipped = {acceleration: curve(dealias.load("crnn"), subjects, acceleration) for acceleration in ACCELERATIONS}
    seen = field(dealias.load("crnn"))
    drawn(shipped, units, seen)
    chosen = (1, 2, 3, 5, 7, 10, 15, 20)
    made = cards.read(cards.path_of("crnn"))["updates"]
    curves = [(f"shipped, {r:g}x", made, values.mean(0)) for r, values in shipped.items()]
    curves += [(name, trainer.card(**unit(name), seed=0)["updates"], values.mean(0)) for name, values in units.items()]
    cells = [[name, updates, *(f"{values[i - 1]:.2f}" for i in chosen)] for name, updates, values in curves]
    cells += [[name, *[None] * (1 + len(chosen))] for name in UNITS if name not in units]
    text = (
        f"PSNR of magnitudes, peak 1, mean over {options.hearts} simulated hearts that no training draws, "
        f"{options.frames} frames, the {options.rows} rows that move most, after each iteration; all networks were "
        f"trained with {TRAINED}. Three kinds of units and one network whose iterations forget (W_i = 0), {FEATURES} "
        f"features each, learned for {options.each:g} minutes each by the clock and are compared at {COMPARED:g}x. "
        "They differ in what they cost, and so in the updates that this time holds."
    )
    reach = (
        "The receptive field: whence a pixel in the middle of a film takes what it becomes, by the gradient with "
        f"respect to the data, {' x '.join(map(str, SIZE))}, shipped weights; the rows with more than 1e-13 of "
        "the largest row's energy, beyond which single precision cannot tell, and the nearest rows and frames that "
        "hold 99 % of it."
    )
    fields = [
        [name, *values] for name, values in zip(("rows", "rows, 99 %", "frames, 99 %"), seen.T.tolist(), strict=True)
    ]
    parts = [
        text,
        table(["", "updates", *(f"i = {i}" for i in chosen)], cells),
        figure("iterations", "PSNR against iterations, and the receptive field"),
        reach,
        table(["", *(f"i = {i + 1}" for i in range(DEPTH))], fields),
    ]
    write("iterations", "Films: how many iterations, which units", parts, claims(shipped, units, seen))


if __name__ == "__main__":
    main()
