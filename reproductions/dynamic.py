"""Table I of the CRNN paper: six methods on films at 6x, 9x and 11x, all networks trained for the same time.

    python reproductions/dynamic.py --minutes 41                            # 10 minutes for each of four networks
    python reproductions/dynamic.py --full --each 600 --minutes 7500 --hearts 12 --rows 256 --frames 30

The table is of simulated hearts that no training draws; measured films follow where ../shared/data is. With --full the
networks and their training pairs have the paper's size and the measured films are cross-validated in three folds:
each is judged by networks that learned from the other two. Without, no network sees any of them.
"""

from time import process_time

import torch

import dealias
from _film_trainings import CLASSICAL, NETWORKS, READY, SHIPPED, models, parameters, training
from _films import hearts, measured
from _page import WAITING, Claim, table, training_options, write
from _verdict import verdict
from dealias import cards
from dealias.evaluation.metrics import hfen, mse, psnr, ssim

ACCELERATIONS = (6.0, 9.0, 11.0)
METHODS = (*CLASSICAL, *NETWORKS)  # of the paper
ALL = (*METHODS, SHIPPED)
PAPERS = {SHIPPED: "CRNN A"}  # what the paper calls it, where another name is ours
PSNR, HFEN = 1, 3  # places among the scores
PAPER = {  # PSNR, and HFEN times a thousand, in the order of METHODS
    6.0: ((32.51, 34.63, 34.37, 35.84, 35.68, 36.92), (211, 161, 170, 138, 141, 118)),
    9.0: ((29.72, 31.41, 30.84, 32.69, 32.86, 33.71), (310, 260, 280, 215, 216, 198)),
    11.0: ((27.59, 29.58, 28.80, 31.04, 30.99, 31.65), (390, 327, 363, 281, 283, 256)),
}
PRINTED = {"3D CNN-S": 338_946, "3D CNN": 3_389_460, "CRNN A": 262_020, "CRNN B": 1_040_132}  # parameters
MANY = 5000  # updates of a network before its rank says something
FORMATS = (".2f", ".2f", ".3f", ".3f", ".1f")


def scored(method, subject, acceleration):
    """Return MSE times a thousand, PSNR, SSIM and HFEN of magnitudes, means over frames, and the seconds of a core.

    The maximum of the film is one, and the peak.
    """
    scan = subject.scan(acceleration)
    start = process_time()
    film = dealias.reconstruct(method, scan)
    seconds = process_time() - start
    found = (
        1e3 * mse(film, subject.film),
        psnr(film, subject.film, data_range=1.0),
        ssim(film, subject.film, "gaussian", data_range=1.0),
        hfen(film, subject.film),
    )
    return [*(float(score.mean()) for score in found), seconds]


def folds(subjects, full):
    """Return which measured films train and which subjects are judged, for each fold."""
    if not full:
        return [((), subjects)]
    groups = [[s for s in subjects if s.real is real] for real in (False, True)]
    judged = [[s for group in groups for s in group[k::3]] for k in range(3)]
    return [(tuple(s.name for s in groups[1] if s not in some), some) for some in judged]


def results(subjects, options):
    """Return the scores of each method at each acceleration, (subject, 5), and the updates of each network, by fold.

    Without what is still to be trained, whose updates are None.
    """
    scores, trainer = {}, models(options.minutes, options.each, full=options.full)
    updates = {name: [] for name in NETWORKS}
    for films, judged in folds(subjects, options.full):
        for name in ALL:
            method = READY.get(name)
            if name in NETWORKS:
                settings = training(name, films, full=options.full)
                method = trainer.get(**settings)
                updates[name].append(trainer.card(**settings)["updates"] if method else None)
            for acceleration in ACCELERATIONS if method else ():
                for subject in judged:
                    scores[name, acceleration, subject.name] = scored(method, subject, acceleration)
    found = {}
    for name in ALL:
        for acceleration in ACCELERATIONS:
            rows = [scores.get((name, acceleration, subject.name)) for subject in subjects]
            if None not in rows:
                found[name, acceleration] = torch.tensor(rows)
    return found, updates


def means(found, number, full):
    """Return the rows of the table over the first `number` subjects: mean (standard deviation)."""
    rows = []
    for place, name in enumerate(ALL):
        kind = PAPERS.get(name, name)
        count = f"{parameters(kind, full=full):,}" if kind in NETWORKS else ""
        for acceleration in ACCELERATIONS:
            values = found.get((name, acceleration))
            cells = [None] * len(FORMATS)
            if values is not None:
                some = values[:number]
                pairs = zip(some.mean(0).tolist(), some.std(0, correction=min(1, number - 1)).tolist(), strict=True)
                cells = [f"{m:{f}} ({s:{f}})" for (m, s), f in zip(pairs, FORMATS, strict=True)]
            paper = f"{PAPER[acceleration][0][place]:.2f}" if name in METHODS else ""
            rows.append([f"{acceleration:g}x", name, count, *cells, paper])
    return sorted(rows, key=lambda row: float(row[0][:-1]))


def ordered(values, signs=1):
    """Return the names of all methods, the best first."""
    return sorted(METHODS, key=lambda name: -signs * values[name])


def learned(updates):
    """Return whether the networks' updates (fold by fold) are equal and many: what else ranks how fast they learn."""
    counts = [count for some in updates.values() for count in some]
    return bool(counts) and None not in counts and min(counts) >= MANY and max(counts) <= 1.1 * min(counts)


def claims(found, number, ready, full):
    """Return what the paper says of the methods, and what came out on the simulated hearts.

    Arguments:
        ready: whether the networks' updates are equal and many; before, their ranks are open.
    """

    def mean(name, acceleration, score=PSNR):
        values = found.get((name, acceleration))
        return None if values is None else float(values[:number, score].mean())

    def gains(better, worse):
        pairs = [(found.get((better, r)), found.get((worse, r))) for r in ACCELERATIONS]
        known = all(value is not None for pair in pairs for value in pair)
        return [a[:number, PSNR] - b[:number, PSNR] for a, b in pairs] if known else None

    lines = []
    for score, sign, title in ((PSNR, 1, "PSNR"), (HFEN, -1, "HFEN")):
        for acceleration in ACCELERATIONS:
            ours = {name: mean(name, acceleration, score) for name in METHODS}
            theirs = dict(zip(METHODS, PAPER[acceleration][score == HFEN], strict=True))
            known = None not in ours.values()
            right = ordered(theirs, sign)
            mine = ordered(ours, sign) if known else None
            text = " > ".join(mine) if known else None
            lines.append(
                Claim(
                    f"order by {title} at {acceleration:g}x",
                    " > ".join(right),
                    text,
                    mine == right if known and ready else None,
                )
            )
    for better, worse, title in (
        ("CRNN A", "3D CNN-S", "A beats 3D CNN-S with fewer parameters"),
        ("CRNN B", "3D CNN", "B beats 3D CNN with a fraction of its parameters"),
        ("CRNN A", "k-t SLR", "A beats k-t SLR"),
        (SHIPPED, "k-t SLR", "A beats k-t SLR, as shipped"),
        ("k-t SLR", "k-t FOCUSS", "k-t SLR beats k-t FOCUSS"),
    ):
        theirs = PAPERS.get(better, better)
        got = gains(better, worse)
        paper = [
            torch.tensor([PAPER[r][0][METHODS.index(theirs)] - PAPER[r][0][METHODS.index(worse)]])
            for r in ACCELERATIONS
        ]
        texts = [
            ", ".join(f"{float(gain.mean()):+.1f}" for gain in some) + " dB" if some else None for some in (paper, got)
        ]
        if worse in NETWORKS:
            shares = [
                PRINTED[better] / PRINTED[worse],
                parameters(better, full=full) / parameters(worse, full=full),
            ]
            texts = [text and f"{text}, {share:.2f} of them" for text, share in zip(texts, shares, strict=True)]
        decided = verdict(got or [None])
        lines.append(Claim(title, *texts, decided if ready or not {better, worse} & {*NETWORKS} else None))
    return lines


def films(found, subjects):
    """Return the rows of the table of measured films: PSNR / SSIM."""
    rows = []
    for place, subject in enumerate(subjects):
        for acceleration in ACCELERATIONS if subject.real else ():
            values = [found.get((name, acceleration)) for name in ALL]
            cells = [None if v is None else f"{v[place, PSNR]:.2f} / {v[place, 2]:.3f}" for v in values]
            rows.append([subject.name, f"{acceleration:g}x", *cells])
    return rows


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--each", type=float, default=10.0, help="minutes for each network")
    parser.add_argument("--full", action="store_true", help="the paper's sizes, three folds")
    parser.add_argument("--hearts", type=int, default=3)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--rows", type=int, default=64, help="of a film, those that move most")
    options = parser.parse_args()
    size = {"frames": options.frames, "rows": options.rows}
    subjects = [*hearts(options.hearts, **size), *measured(**size)]
    found, updates = results(subjects, options)
    sizes = "in the paper's size" if options.full else "smaller than the paper's (reproductions/_film_trainings.py)"
    text = (
        f"{options.hearts} simulated hearts that no training draws, {options.frames} frames, the {options.rows} rows "
        "of 256 x 256 that move most, band-limited to 192 x 190; k-t masks (32, 21 and 17 lines), one coil, noise "
        "0.001. Mean (standard deviation) over hearts of magnitudes, peak 1, SSIM with a Gaussian window of 11 x 11, "
        f"HFEN with 15 x 15. Networks, {sizes}, learned for {options.each:g} minutes each by the clock from the same "
        "pairs, and a further heart chose their weights. k-t SLR and k-t FOCUSS choose their weights by themselves. "
        "Last: PSNR in the paper, of other subjects. MSE is in 1e-3; seconds are those of a core for one film."
    )
    why = (
        "What is open: networks that learned for minutes made some hundred updates, the paper's 60,000, "
        "so that these rows say how fast they learn more than how well; a wide network makes fewer updates in the same "
        "time. Simulated hearts, piecewise smooth and without noise of their own, suit the total variation of k-t SLR "
        "better than tissue does; the measured films are the check. Duels are judged over hearts, "
        "ranks of networks only where their updates are equal and many."
    )
    head = ["", "method", "parameters", "MSE", "PSNR", "SSIM", "HFEN", "seconds", "paper's PSNR"]
    parts = [text, table(head, means(found, options.hearts, options.full))]
    made = ", ".join(f"{name} {' / '.join(str(n or WAITING) for n in counts)}" for name, counts in updates.items())
    made += f", {SHIPPED} {cards.read(cards.path_of('crnn'))['updates']}"
    parts.append(f"Updates that made the weights: {made}.")
    if rows := films(found, subjects):
        seen = "each judged by networks that learned from the other two" if options.full else "which no training saw"
        seen += "; the cine chose among the checkpoints of the shipped one"
        parts += [f"Measured films, {seen}. PSNR / SSIM:", table(["film", "", *ALL], rows)]
    write(
        "dynamic",
        "Films: the table of the CRNN paper",
        [*parts, why],
        claims(found, options.hearts, learned(updates), options.full),
    )


if __name__ == "__main__":
    main()
