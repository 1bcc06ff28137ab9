"""Figs. 4 and 5 of the CRNN paper: a film at 9x by all methods, its x-t profile, and where the errors are.

    python reproductions/film.py [--real] [--each 10]

All methods that are there: what needs no training, the shipped CRNN, and the networks that reproductions/dynamic.py has
trained for as many minutes; beside them the undersampled film. The profile is the paper's, at x = 120 of 256. The
committed figures show a simulated heart; with --real a measured cine goes to out/, which git ignores; so do
animations, which are large. No network learned from that cine, but it chose among the checkpoints of the shipped one.
"""

import argparse
from pathlib import Path

import dealias
from _film_trainings import CLASSICAL, NETWORKS, READY, SHIPPED, models, training
from _films import hearts, measured, moving, squared_errors
from _page import PAGES, Claim, figure, smaller, table, write
from dealias import cards
from dealias.evaluation.figures import panels
from dealias.evaluation.film_figures import animation, profiles

ACCELERATION, COLUMN = 9.0, 120
OUT = Path("out")


def methods(each):
    """Return every method of the paper's figures that has what it needs, and the shipped CRNN."""
    trainer = models(0, each)
    trained = {name: trainer.get(**training(name)) for name in NETWORKS}
    return {**READY, **{name: method for name, method in trained.items() if method}}


def errors(film, reference):
    """Return PSNR (peak 1) of magnitudes where the reference moves and elsewhere, and the moving share of the error."""
    inside, outside = squared_errors(film, reference)
    share = inside.sum() / (inside.sum() + outside.sum())
    return [*(float(-10 * part.mean().log10()) for part in (inside, outside)), float(share)]


def drawn(folder, films, subject, scan):
    """Write one frame of all films with their errors, a column over time, and all frames as they move."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = len(subject.film) // 2
    images = {name: film[frame] for name, film in films.items()}
    mask = scan.centred_mask[frame, 0]
    panels(
        folder / "film_frame.png",
        images,
        subject.film[frame],
        mask,
        title=subject.name,
        magnification=5,
        overwrite=True,
    )
    profiles(folder / "film_profile.png", films, subject.film, column=COLUMN, overwrite=True)
    for name in ("film_frame", "film_profile"):
        smaller(folder / f"{name}.png")
    OUT.mkdir(exist_ok=True)
    animation(OUT / f"film_{subject.name.replace(' ', '_')}.gif", films, subject.film, overwrite=True)


def claims(scores, area):
    """Return what the paper sees in its figures, and what came out."""
    lines = []
    text = ", ".join(f"{name} {share:.0%}" for name, (_, _, share) in scores.items())
    holds = all(share > 0.5 for _, _, share in scores.values())
    lines.append(Claim(f"most errors are where the film moves ({area:.0%} of the pixels)", "seen", text, holds))
    known = all(name in scores for name in ("CRNN B", "3D CNN"))
    gain = scores["CRNN B"][1] - scores["3D CNN"][1] if known else None
    text = f"CRNN B {gain:+.1f} dB there" if known else None
    lines.append(Claim("3D CNN cannot denoise the background", "seen", text, gain > 0 if known else None))
    theirs = [name for name in (*CLASSICAL, *NETWORKS) if name in scores]  # the shipped one learned otherwise
    whole = len(theirs) == len(CLASSICAL) + len(NETWORKS)
    best = max(theirs, key=lambda name: scores[name][0])
    lines.append(
        Claim(
            "of the paper's six CRNN B errs least where the film moves",
            "seen",
            best if whole else None,
            best == "CRNN B" if whole else None,
        )
    )
    return lines


def main():
    """Write the page and its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", action="store_true", help="a measured cine instead, into out/")
    parser.add_argument("--each", type=float, default=10.0, help="minutes for which networks were trained")
    options = parser.parse_args()
    subjects = measured(rows=96) if options.real else hearts(1, rows=96)
    if not subjects:
        parser.error("there are no measured films here; leave --real out")
    subject, scan = subjects[0], subjects[0].scan(ACCELERATION)
    films = {name: dealias.reconstruct(method, scan) for name, method in methods(options.each).items()}
    scores = {name: errors(film, subject.film) for name, film in films.items()}
    drawn(OUT if options.real else PAGES, {"undersampled": scan.zero_filled, **films}, subject, scan)
    cells = []
    for name in (*CLASSICAL, SHIPPED, *NETWORKS):
        inside, outside, share = scores.get(name, (None, None, None))
        row = [None] * 3 if share is None else [f"{inside:.2f}", f"{outside:.2f}", f"{share:.0%}"]
        cells.append([name, *row])
    head = ["method", "PSNR where it moves", "PSNR elsewhere", "share of the squared error where it moves"]
    results = table(head, cells)
    if options.real:
        print(results)
        return
    area = float(moving(subject.film).float().mean())
    text = (
        f"A simulated heart that no training draws, {' x '.join(map(str, subject.film.shape))}, at {ACCELERATION:g}x: "
        "21 of 190 lines in each frame, one coil, noise 0.001. It moves where the standard deviation over time exceeds "
        f"a fifth of its largest. The shipped network made {cards.read(cards.path_of('crnn'))['updates']:,} updates, "
        f"the others learned for {options.each:g} minutes each ([dynamic](dynamic.md))."
    )
    parts = [
        text,
        figure("film_frame", "one frame and its errors"),
        figure("film_profile", f"column {COLUMN} over time, its errors, PSNR of every frame"),
        results,
    ]
    write("film", "Films: where the errors are", parts, claims(scores, area))


if __name__ == "__main__":
    main()
