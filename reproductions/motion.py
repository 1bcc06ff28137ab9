"""Motion compensation inside the CRNN, which its paper leaves to the future: what it gains where the heart moves.

    python reproductions/motion.py --minutes 17                             # both train on, some 8 minutes each
    python reproductions/motion.py --minutes 140 --updates 4000 --scratch   # both from nothing, some 70 minutes each

Both start from the shipped CRNN and make as many updates on the same pairs, of which one with motion takes 7 % longer.
There neighbours count for nothing yet, and displacements have learned to make neighbours alike in fully sampled hearts
(some 20 seconds); with --scratch nothing but the loss of the reconstruction teaches them, which is slow. It also looks
at the displacements: whether they make neighbours alike, and what is lost when neighbours come as they are.
"""

import hashlib

import torch
from matplotlib.figure import Figure

import dealias
from _film_trainings import models, network
from _films import hearts, measured, moving, squared_errors
from _models import CACHE
from _page import Claim, figure, save, table, training_options, write
from _verdict import verdict
from dealias import cards
from dealias.networks.motion_compensation import warp
from dealias.training.films import hearts as simulated

ACCELERATIONS = (6.0, 9.0)
NAMES = ("CRNN", "CRNN with motion", "its neighbours unmoved")


def taught(motion, updates=300):
    """Teach displacements to make neighbours alike, on fully sampled hearts that training draws too."""
    torch.manual_seed(0)
    films = simulated(4)
    optimiser = torch.optim.Adam(motion.parameters(), lr=2e-3)
    for update in range(updates):
        film = films[update % len(films)]
        first, top = (int(torch.randint(n, ())) for n in (len(film) - 5, film.shape[-2] - 31))
        part = film[first : first + 6, top : top + 32] / film.abs().max()
        before, after = motion(part)
        loss = (before - part)[1:].abs().square().mean() + (after - part)[:-1].abs().square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def started(motion):
    """Return the file of the shipped weights, where there is motion with what it needs beside them."""
    shipped = cards.path_of("crnn")
    digest = hashlib.sha256(shipped.read_bytes()).hexdigest()[:8]
    path = CACHE / f"crnn_{digest}_{'taught' if motion else 'still'}.safetensors"
    if not path.exists():
        method = dealias.load(shipped)
        state = method.state_dict()
        if motion:
            method = type(method)(**{**method.arguments, "motion": True})
            taught(method.motion)
            weight = state["over_time.input.weight"]
            state["over_time.input.weight"] = torch.cat((weight, torch.zeros_like(weight).repeat(1, 2, 1, 1)), 1)
        method.load_state_dict(state, strict=not motion)
        path.parent.mkdir(parents=True, exist_ok=True)
        cards.save(path, method)
    return str(path)


def unmoved(method):
    """Return a copy that sees its neighbours where they are."""
    copy = type(method)(**method.arguments)
    copy.load_state_dict(method.state_dict())
    torch.nn.init.zeros_(copy.motion.layers[-1].weight)
    return copy.eval()


def errors(film, reference):
    """Return NMSE and PSNR (peak 1) of magnitudes where the reference moves, then elsewhere."""
    wrong, energy = squared_errors(film, reference), squared_errors(torch.zeros_like(reference), reference)
    return [
        number
        for error, whole in zip(wrong, energy, strict=True)
        for number in (float(error.sum() / whole.sum()), float(-10 * error.mean().log10()))
    ]


def likeness(method, reference, film):
    """Return how much of the difference between neighbours of the reference is left when they are moved.

    Arguments:
        film: what displacements are estimated from.
    """
    place = moving(reference)
    with torch.no_grad():
        after = warp(reference[1:], method.motion.displacements(film))
    left, was = (x[:, place] - reference[:-1, place] for x in (after, reference[1:]))
    return float(left.norm() / was.norm())


def drawn(method, scan, reference):
    """Draw displacements on some frames of an estimate, the longest ones of the film among them."""
    film = dealias.reconstruct(method, scan)
    with torch.no_grad():
        d = method.motion.displacements(film)
    place = moving(reference).nonzero()
    (top, left), (bottom, right) = (place.amin(0) - 4).clamp_min(0).tolist(), (place.amax(0) + 5).tolist()
    bottom, right = min(bottom, d.shape[-2]), min(right, d.shape[-1])
    part = (slice(top, bottom), slice(left, right))
    length = d.norm(dim=1)[:, *part]
    frames = torch.linspace(0, len(d) - 1, 4).round().long().tolist()
    frames[1] = int(length.flatten(1).mean(1).argmax())
    frames = sorted({*frames})
    height = 2.6 * (bottom - top) / (right - left)
    sheet = Figure(figsize=(2.6 * len(frames), 2 * height + 0.5), layout="constrained")
    rows = sheet.subplots(2, len(frames), squeeze=False)
    y, x = torch.meshgrid(torch.arange(0, bottom - top, 4), torch.arange(0, right - left, 4), indexing="ij")
    for t, above, below in zip(frames, *rows, strict=True):
        arrows = d[t][:, *part][:, y, x]
        above.imshow(film[t][part].abs(), cmap="gray", vmin=0, vmax=float(reference.abs().max()))
        above.quiver(x, y, *arrows.flip(0), color="tab:orange", angles="xy", scale_units="xy", scale=0.25, width=0.006)
        above.set_title(f"frame {t + 1} to {t + 2}", fontsize=9)
        shown = below.imshow(length[t], cmap="magma", vmin=0, vmax=float(length.max()))
        for axis in (above, below):
            axis.set_axis_off()
    sheet.colorbar(shown, ax=rows[1], label="pixels")
    save("motion", sheet, dpi=90)


def compared(methods, subjects):
    """Return the errors of each method on each subject at each acceleration, (acceleration, method, subject, 4)."""
    rows = []
    for acceleration in ACCELERATIONS:
        films = [[dealias.reconstruct(method, s.scan(acceleration)) for s in subjects] for method in methods]
        rows.append([[errors(x, s.film) for x, s in zip(some, subjects, strict=True)] for some in films])
    return torch.tensor(rows)


def claims(found):
    """Return what motion compensation promises, and what came out."""
    if found is None:
        return [Claim("motion compensation lowers the error where the heart moves", "future work", None, None)]
    scores, alike = found
    lines = []
    for place, name in ((0, "where the heart moves"), (2, "elsewhere")):
        ratio = scores[:, 1, :, place] / scores[:, 0, :, place] - 1
        text = ", ".join(
            f"{r:g}x {float(x.mean()):+.1%} ({float(x.min()):+.1%} to {float(x.max()):+.1%})"
            for r, x in zip(ACCELERATIONS, ratio, strict=True)
        )
        lines.append(Claim(f"lower error (NMSE) {name}", "future work", text, verdict([*-ratio])))
    ratio = scores[:, 2, :, 0] / scores[:, 1, :, 0] - 1
    text = ", ".join(f"{r:g}x {float(x.mean()):+.1%}" for r, x in zip(ACCELERATIONS, ratio, strict=True))
    lines.append(Claim("it is the moving: unmoved neighbours cost (NMSE there)", "", text, verdict([*ratio])))
    text = ", ".join(f"{value:.2f}" for value in alike)
    lines.append(
        Claim(
            "moved neighbours of the reference differ less: share that is left",
            "",
            text,
            verdict([1 - torch.tensor(alike)]),
        )
    )
    return lines


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=450, help="of each network")
    parser.add_argument("--scratch", action="store_true", help="train from nothing, not from the shipped weights")
    parser.add_argument("--hearts", type=int, default=3)
    parser.add_argument("--rows", type=int, default=64, help="of a film, those about the heart")
    options = parser.parse_args()
    trainer = models(options.minutes, 0)
    # updates, not minutes: the clock of a machine that others use too would favour one of them
    course = {"time": None, "updates": options.updates, "every": max(1, options.updates // 3)}
    trained = []
    for more in ({}, {"motion": True}):
        start = None if options.scratch else started(bool(more))
        trained.append(trainer.get(**network("CRNN A", **more), **course, from_=start))
    subjects = hearts(options.hearts, rows=options.rows)
    subjects += [subject for subject in measured(rows=options.rows) if subject.name == "cine"]
    cells, found = [[f"{r:g}x", s.name, *[None] * 6] for r in ACCELERATIONS for s in subjects], None
    if None not in trained:
        methods = [*trained, unmoved(trained[1])]
        scores = compared(methods, subjects)
        cells = [
            [f"{r:g}x", s.name, *(f"{v[p]:.4f} / {v[p + 1]:.2f}" for p in (0, 2) for v in scores[i, :, j])]
            for i, r in enumerate(ACCELERATIONS)
            for j, s in enumerate(subjects)
        ]
        scans = [s.scan(ACCELERATIONS[-1]) for s in subjects]
        films = [dealias.reconstruct(trained[1], scan) for scan in scans]
        found = scores, [likeness(trained[1], s.film, x) for s, x in zip(subjects, films, strict=True)]
        drawn(trained[1], scans[0], subjects[0].film)
    start = "from random weights"
    if not options.scratch:
        start = "on from the shipped CRNN and displacements that make fully sampled hearts alike"
    text = (
        f"CRNN-A with five iterations, trained {start} by {options.updates} updates, without and with its "
        "neighbours moved onto each frame (`--method.motion true`). NMSE / PSNR of magnitudes where the film moves: "
        "where the standard deviation over time exceeds a fifth of its largest; and elsewhere. k-t masks, one coil, "
        "noise 0.001 of the maximum, the rows about the heart. No training saw these films; the measured cine chose "
        "among the checkpoints of the shipped CRNN. Last: the network with motion, its displacements set to zero."
    )
    head = ["", "film", *(f"{name}, {place}" for place in ("moving", "elsewhere") for name in NAMES)]
    shown = "Displacements to the next frame, four times as long, and their lengths, heart 0 at 9x"
    parts = [text, table(head, cells), *([figure("motion", shown)] if found else [])]
    write("motion", "Motion compensation inside the CRNN", parts, claims(found))


if __name__ == "__main__":
    main()
