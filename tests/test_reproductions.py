"""The machinery of the result pages: models cached by their settings, pages that say what is not run yet."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock

import dealias
from dealias.evaluation.metrics import psnr
from dealias.phantoms import head

ROOM = Path(__file__).parents[1] / "reproductions"


@pytest.fixture
def room(monkeypatch, tmp_path):
    """The folder of the pages as a script sees it, with a cache of its own."""
    monkeypatch.syspath_prepend(str(ROOM))
    import _data
    import _models
    import _page

    monkeypatch.setattr(_models, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(_page, "PAGES", tmp_path / "pages")
    monkeypatch.setattr(_data, "HEADS", tmp_path)
    monkeypatch.setattr(_data, "SHARED", tmp_path / "missing")
    return {"data": _data, "models": _models, "page": _page}


def test_models_are_trained_once_and_known_by_their_settings(room, tmp_path):
    np.save(tmp_path / "heads.npy", np.stack([head((32, 32), seed=seed).numpy() for seed in range(2)]))
    common = {"data": [str(tmp_path / "heads.npy")], "validation": [str(tmp_path / "heads.npy")]}
    small = {"method": "rim", "method_arguments": {"features": 4, "iterations": 2}, "simulation": {"crop": [16, 16]}}
    settings = {**small, "updates": 2, "every": 1, "precision": "float32"}
    assert room["models"].Models(0, **common).get(**settings) is None
    models = room["models"].Models(5, **common)
    with FileLock(f"{models._place(settings)[0]}.lock"):  # as another run does while it trains
        assert models.get(**settings) is None
    method = models.get(**settings)
    assert isinstance(method, dealias.Method) and method.iterations == 2
    assert room["models"].Models(0, **common).get(**settings) is not None
    assert room["models"].Models(0, **common).card(**settings)["updates"] in (1, 2)
    assert room["models"].Models(0, **common).get(**{**settings, "seed": 1}) is None


def test_a_page_says_what_is_open(room, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["some.py", "--minutes", "3"])
    claim = room["page"].Claim
    path = room["page"].write(
        "some",
        "Title",
        [room["page"].table(["a"], [[1], [None]])],
        [claim("x", "1", None, None), claim("y", "2", "3", False)],
    )
    text = path.read_text()
    assert (
        "| not run yet |" in text
        and "| x | 1 | not run yet | open |" in text
        and "| y | 2 | 3 | does not hold |" in text
    )
    assert "`python reproductions/some.py --minutes 3`" in text and "are simulated heads." in text


def test_without_real_data_there_are_heads(room):
    assert len(room["data"].held_back(2)) == 2
    assert room["data"].sources("siat_brain_train") != room["data"].sources("siat_brain_val")
    ((scan, image),) = room["data"].scans(room["data"].held_back(1), 4.0, coils=2)
    assert scan.coils == 2 and float(image.abs().max()) == pytest.approx(1)


def test_films_keep_to_their_band_and_need_no_real_data(room):
    import _films

    assert _films.measured() == []
    (subject,) = _films.hearts(1, frames=4, rows=24)
    assert subject.film.shape == (4, 24, 256) and float(subject.film.abs().max()) == pytest.approx(1)
    outside = torch.fft.fftshift(torch.fft.fft(subject.film), -1)[..., :32]
    assert float(outside.abs().max()) < 1e-4
    sampled = subject.scan(9.0).centred_mask[:, 0, 0]
    assert sampled.sum(-1).tolist() == [21] * 4 and not torch.equal(sampled[0], sampled[1])
    moving = _films.moving(subject.film)
    change = subject.film.abs().std(0)
    assert 0.02 < float(moving.float().mean()) < 0.5 and float(change[moving].min()) > float(change[~moving].max())


def test_the_measured_films_have_time_first(room, tmp_path, monkeypatch):
    import _films

    monkeypatch.setattr(room["data"], "SHARED", tmp_path)
    film = np.random.default_rng(0).random((32, 40, 5))
    np.savez(tmp_path / "dyn_ratcine8_mag.npz", image=film)
    (subject,) = _films.measured(frames=3, rows=16)
    assert subject.name == "rat" and subject.film.shape == (3, 16, 40) and subject.real
    (file,) = _films.sources("rat")
    np.testing.assert_allclose(np.load(file), film.transpose(2, 0, 1), rtol=1e-6)


def test_finer_pixels_keep_the_image_and_add_nothing(room):
    image = head((40, 27), seed=3)
    fine = room["data"].finer(image, 0.5)
    assert fine.shape == (80, 54)
    same = fine[::2, ::2] / fine[::2, ::2].abs().max()
    torch.testing.assert_close(same, image / image.abs().max(), atol=1e-5, rtol=0)
    kspace = torch.fft.fftshift(torch.fft.fft2(fine)).abs()
    assert float(kspace[:19].max()) < 1e-4 * float(kspace.max())


def test_views_share_the_heads_out(room):
    data = room["data"]
    views = [data.view("siat_brain_val", direction) for direction in data.VIEWS]
    assert [len(images) for images in views] == [2, 2, 2] and not torch.equal(views[0][0], views[1][0])
    (one,), (other,) = (data.kept("siat_brain_val", part, views[i]) for i, part in enumerate("AB"))
    torch.testing.assert_close(torch.from_numpy(np.load(other)), torch.stack(views[1]))
    assert one != other


def test_a_duel_is_open_until_both_are_trained_and_won_where_one_leads(room):
    import generalisation

    chance = torch.tensor([-0.01, 0.0, 0.01])[:, None, None, None, None]
    scores = {
        "CS": torch.zeros(1, 4, 2, 3, 2),
        "RIM A": torch.tensor([-0.1, 0.2, 0.3, 0.4])[:, None, None, None].expand(4, 2, 3, 2) + chance,
    }
    results = {"A": scores, "B": scores}
    assert generalisation.won(results, [("B", "RIM A", "CS"), ("A", "RIM B", "CS")]) == (None, None)
    assert generalisation.won(results, [("B", "RIM A", "CS")]) == ("RIM A on B: 3x, 4x, 5x", False)
    below = {"B": {**scores, "CS": scores["CS"] - 1}}
    assert generalisation.won(below, [("B", "RIM A", "CS")])[1] is True
    noisy = {"B": {**scores, "RIM A": scores["RIM A"] + 100 * chance}}
    assert generalisation.won(noisy, [("B", "RIM A", "CS")])[1] is None
    assert generalisation.spreads(results) is None


def test_patches_and_slices_have_one_budget(room):
    import one_for_all

    assert one_for_all.fewer(1000) == 180 and one_for_all.fewer(1) == 1
    values = {"CS": [torch.ones(1, 2)] * 4, "x": [torch.ones(3, 2)] * 3 + [None]}
    assert one_for_all.differences(values, "x", "CS") is None
    assert one_for_all.differences(values, "CS", "CS").abs().max() == 0


@pytest.mark.parametrize(("excess", "holds"), [(0.1, True), (-0.1, False), (0.0, None)])
def test_one_for_all_is_judged_by_its_margin(room, excess, holds):
    import one_for_all

    chance = torch.tensor([-0.01, 0.0, 0.01])[:, None].expand(3, 2)
    scores = {name: [torch.zeros(3, 2)] * 4 for name in one_for_all.COLOURS}
    scores[one_for_all.EACH] = scores[one_for_all.LARGE] = scores[one_for_all.CS]
    scores[one_for_all.ALL] = [chance + excess] * 4
    assert [claim.holds for claim in one_for_all.claims(scores)] == [holds] * 3


@pytest.mark.parametrize(("excess", "holds"), [(0.001, True), (-0.004, True), (-0.006, False)])
def test_a_little_less_is_as_good_as_one_for_each_but_not_above_cs(room, excess, holds):
    import one_for_all

    class Asked:
        def seeds(self, **settings):
            return [settings]

    chance = 1e-4 * torch.tensor([-1.0, 0.0, 1.0])[:, None].expand(3, 2)
    scores = {name: [torch.zeros(3, 2)] * 4 for name in one_for_all.COLOURS} | {one_for_all.ALL: [chance + excess] * 4}
    assert [claim.holds for claim in one_for_all.claims(scores)] == [holds, holds, excess > 0]
    methods = one_for_all.trained(Asked(), 1000)
    ((large,),) = methods[one_for_all.LARGE][:1]
    assert large["simulation"]["crop"] == [200, 200] and large["simulation"]["batch"] == 1 and large["updates"] == 180
    rates = [each["simulation"]["acceleration"] for (each,) in methods[one_for_all.EACH]]
    assert rates == [[r, r] for r in one_for_all.ACCELERATIONS] and {*map(len, methods.values())} == {4}


def test_more_steps_lose_only_where_they_do(room):
    import hyper_parameters

    def results(final, wide=(0.86, 0.88, 0.9)):
        chance = torch.tensor([-1e-4, 0.0, 1e-4])[:, None, None]
        rate = 0.01 * torch.arange(4.0)[:, None]  # more where less was measured
        found = {(t, 64): (torch.full((t,), value) + rate * (t - 4) / 4 + chance, 0) for t, value in final.items()}
        found[4, 64] = (found[4, 64][0].clone(), found[4, 64][1])
        found |= {(8, f): (torch.full((3, 4, 8), w) + chance, 0) for f, w in zip((32, 128), wide[::2], strict=True)}
        return found

    final = {4: 0.80, 6: 0.85, 8: 0.88, 10: 0.86, 12: 0.80}
    found = [claim.holds for claim in hyper_parameters.claims(results(final))]
    assert found[:4] == [None, True, True, True], "no restart decides nothing where gradients are clipped"
    assert hyper_parameters.claims(results(final, (0.86, 0.88, 0.87)))[3].holds is False
    assert hyper_parameters.claims(results({**final, 12: 0.95}))[1].holds is False
    assert hyper_parameters.claims(results({**final, 10: 0.95, 12: 0.9}))[1].holds is False, "8 to 10 gain too much"
    turned = {key: (scores.flip(1), number) for key, (scores, number) in results(final).items()}
    assert [claim.holds for claim in hyper_parameters.claims(turned)][1:4] == [True, False, True], "less at higher ones"
    worse = hyper_parameters.claims(results({**final, 8: 0.70}))
    assert worse[2].holds is False, "losses are no help, though they shrink with acceleration"
    early = results(final)
    early[6, 64][0][..., 3] = 0.75
    assert hyper_parameters.claims(early)[4].holds is True
    early[6, 64][0][..., 5] = 0.75
    assert hyper_parameters.claims(early)[4].holds is False
    assert hyper_parameters.claims(results(final))[4].holds is False, "the 4th of six is as good as its 6th"
    for four, eight, holds in ((2, 0, True), (3, 1, True), (1, 0, None), (2, 1, None), (3, 3, None)):
        some = results(final)
        some |= {(steps, 64): (some[steps, 64][0], count) for steps, count in ((4, four), (8, eight))}
        assert hyper_parameters.claims(some)[0].holds is holds, "at least twice, and by two more than with eight"
    one = {key: (scores[:1], number) for key, (scores, number) in results(final).items()}
    assert {claim.holds for claim in hyper_parameters.claims(one)} == {None}
    for known in ((), [(4, 64)], [(8, 64), (8, 32)]):
        some = {key: results(final)[key] for key in known}
        assert [claim.holds for claim in hyper_parameters.claims(some)] == [None] * 5


def test_what_diverges_is_trained_again_from_another_seed(room, monkeypatch):
    import hyper_parameters

    class Asked:
        missing = None

        def get(self, **settings):
            return None if settings["seed"] == self.missing else settings["seed"]

    def scores(seed, images, patterns):
        return torch.tensor([[0.5, 0.6, {0: 0.4, 2: torch.nan}.get(seed, 0.8 + seed / 100)]] * 2)

    monkeypatch.setattr(hyper_parameters, "scores", scores)
    options = type("Options", (), {"updates": 1, "patterns": 1, "seeds": 2})
    found, diverged = hyper_parameters.trained(Asked(), 4, 8, options, [])
    assert diverged == 2 and found[:, 0, -1].tolist() == pytest.approx([0.81, 0.83]) and found.shape == (2, 2, 3)
    waiting = Asked()
    waiting.missing = 1
    assert hyper_parameters.trained(waiting, 4, 8, options, []) is None


def test_a_history_is_one_training_seen_at_its_validations(room, tmp_path):
    np.save(tmp_path / "heads.npy", np.stack([head((32, 32), seed=seed).numpy() for seed in range(2)]))
    common = {"data": [str(tmp_path / "heads.npy")], "validation": [str(tmp_path / "heads.npy")]}
    small = {"method": "rim", "method_arguments": {"features": 4, "iterations": 2}, "simulation": {"crop": [16, 16]}}
    settings = {**small, "updates": 4, "every": 2, "precision": "float32"}
    assert room["models"].Models(0, **common).history(**settings) == {}
    seen = room["models"].Models(5, **common).history(**settings)
    assert [*seen] == [2, 4]
    early, late = (method.state_dict() for method in seen.values())
    assert any(not torch.equal(early[name], late[name]) for name in early)
    assert [*room["models"].Models(0, **common).history(**settings)] == [2, 4]


def test_the_steps_of_a_training(room):
    from error_per_step import claims

    updates = [*range(10, 90, 10)]
    learned = torch.tensor([[-10.0, -11, -12, -13, -14], [-12.0, -20, -24, -27, -28]])[[1, 0, 0, 0, 0, 0, 0, 1]]
    learned = learned + torch.tensor([-0.1, 0.0, 0.1])[:, None, None]
    high, less = claims(updates, learned)
    assert (high.holds, less.holds) == (True, True)
    assert high.ours == "from 20 to 80 updates: -10.0 to -12.0 dB against -14.0 to -28.0 dB"
    assert less.ours == "+8.0 ± 0.0, +4.0 ± 0.0, +3.0 ± 0.0, +1.0 ± 0.0 dB"
    assert [claim.holds for claim in claims(updates, -learned)] == [False, False]
    behind = learned.clone()
    behind[:, :, 0] -= 30  # the first step learns as little, and is the best
    assert [claim.holds for claim in claims(updates, behind)] == [False, False]
    late = learned.clone()
    late[:, -1, 3:] -= 14  # the last steps gain more than the first ones
    assert [claim.holds for claim in claims(updates, late)] == [True, False]
    assert [claim.holds for claim in claims(updates, learned[:1])] == [None, None], "one training decides nothing"
    assert [claim.holds for claim in claims([], None)] == [None, None]


def test_real_against_complex(room):
    import spread

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(5, 4, 3, 1, generator=generator)
    growing = torch.linspace(1, 3, 5)[:, None, None, None]  # the less was measured, the more CS is behind
    scores = {
        name: torch.cat((base * worse + 1e-3 * base * noise, 0.9 + width * noise), -1)
        for name, base, width, worse in (
            (spread.CS, 4e-4, 0.02, growing),
            (spread.RIM, 1e-4, 0.01, torch.ones_like(growing)),
            ("real RIM", 1e-4, 0.01, torch.ones_like(growing)),
            ("complex RIM", 1.02e-4, 0.01, torch.ones_like(growing)),
        )
    }
    assert [claim.holds for claim in spread.claims(scores)] == [True] * 5
    scores["complex RIM"] = scores["complex RIM"] / 2
    scores[spread.CS], scores[spread.RIM] = scores[spread.RIM], scores[spread.CS]
    assert [claim.holds for claim in spread.claims(scores)] == [False] * 5
    del scores["complex RIM"]
    assert [claim.holds for claim in spread.claims(scores)] == [None, *[False] * 4]
    scores[spread.RIM] = scores[spread.CS] * torch.tensor([0.9, 1.1, 0.9, 1.1])[:, None, None]  # half of the slices
    assert [claim.holds for claim in spread.claims(scores)[-2:]] == [None, None]


def test_within_half_a_decibel_either_way(room, monkeypatch):
    import spread

    even = torch.full((5, 4, 3, 2), 1e-4)
    chance = 1 + 0.001 * torch.arange(4.0)[:, None, None]
    for decibels, holds in ((0.4, True), (-0.4, True), (0.6, False), (-0.6, False)):
        scores = {"real RIM": even, "complex RIM": even / 10 ** (decibels / 10) * chance}
        scores["complex RIM"][..., 1] = even[..., 1] + 0.002
        claim = spread.marginal(scores)
        assert claim.holds is holds and claim.ours.startswith(f"2x {decibels - 0.01:+.2f} dB, SSIM +0.0020, 3x")
        assert float(spread.gains(scores, "complex RIM", "real RIM")[0, 0]) == pytest.approx(decibels, abs=1e-3)
    monkeypatch.setattr(spread, "ACCELERATIONS", (2.0, 3.0))
    images = [head((32, 24), seed=seed) for seed in range(3)]
    found = spread.scored(dealias.load("zero_filled"), images, 2)
    assert found.shape == (2, 3, 2, 2) and bool((found[0, :, :, 0] < found[1, :, :, 0]).all())
    assert found.flatten(0, 2).unique(dim=0).shape == (12, 2), "each scan has scores of its own"
    monkeypatch.setattr(dealias, "reconstruct", None)
    assert torch.equal(spread.scored(dealias.load("zero_filled"), images, 2), found), "computed once"


def test_the_rim_without_conjugate_gradients_is_another(room):
    import spread

    methods = spread.shipped()
    assert (methods[spread.RIM].consistency_steps, methods[spread.BARE].consistency_steps) == (15, 0)
    assert methods.keys() < spread.COLOURS.keys() and {*spread.NETWORKS} == spread.COLOURS.keys() - methods.keys()


def test_film_networks_have_the_papers_parameters(room):
    import _film_trainings

    found = {name: _film_trainings.parameters(name, full=True) for name in _film_trainings.NETWORKS}
    assert found == {"3D CNN-S": 338_946, "3D CNN": 3_389_460, "CRNN A": 297_538, "CRNN B": 1_184_898}
    assert _film_trainings.parameters("CRNN B") < found["CRNN B"]


def test_the_pages_on_films_share_their_networks(room, monkeypatch):
    import _film_trainings
    import dynamic
    import film

    asked = []
    monkeypatch.setattr(_film_trainings.Models, "get", lambda self, **settings: asked.append(self._place(settings)[0]))
    film.methods(10.0)
    options = type("Options", (), {"minutes": 0.0, "each": 10.0, "full": False})
    monkeypatch.setattr(dynamic, "CLASSICAL", {})
    found, updates = dynamic.results([], options)
    number = len(_film_trainings.NETWORKS)
    assert asked[:number] == asked[number:] and len({*asked}) == number
    assert updates == {name: [None] for name in _film_trainings.NETWORKS}


def test_only_the_papers_methods_compete_where_the_film_moves(room):
    import film

    scores = {name: (20.0 + k, 30.0, 0.6) for k, name in enumerate((*film.CLASSICAL, *film.NETWORKS))}
    assert [c.holds for c in film.claims({**scores, film.SHIPPED: (99.0, 30.0, 0.6)}, 0.1)] == [True, False, True]
    assert [c.holds for c in film.claims({**scores, "3D CNN": (99.0, 29.0, 0.4)}, 0.1)] == [False, True, False]
    assert [c.holds for c in film.claims({"k-t SLR": (1.0, 1.0, 0.6)}, 0.1)] == [True, None, None]


def test_each_fold_is_judged_by_what_it_did_not_train(room):
    import _films
    import dynamic

    film = torch.zeros(2, 4, 4)
    subjects = [_films.Subject(name, film, 4, 0, name in "efg") for name in "abcdefg"]
    folds = dynamic.folds(subjects, True)
    assert sorted(s.name for _, judged in folds for s in judged) == [*"abcdefg"]
    assert all(len(films) == 2 and not {*films} & {s.name for s in judged} for films, judged in folds)
    assert dynamic.folds(subjects, False) == [((), subjects)]


def test_claims_on_films_are_open_until_all_is_trained(room):
    import dynamic

    scores = {name: dynamic.PAPER[6.0][0][k] for k, name in enumerate(dynamic.METHODS)}
    found = {
        (name, r): torch.tensor([[1.0, dynamic.PAPER[r][0][k], 0.9, dynamic.PAPER[r][1][k] / 1000, 1.0]])
        for k, name in enumerate(dynamic.METHODS)
        for r in dynamic.ACCELERATIONS
    }
    # chance between hearts, none of which decides the order
    hearts = torch.tensor([[0.99], [1.0], [1.01]])
    found = {key: values * hearts for key, values in found.items()}
    for (name, r), values in found.items():
        values[:, dynamic.PSNR] = dynamic.PAPER[r][0][dynamic.METHODS.index(name)] + torch.tensor([-0.1, 0.0, 0.1])
    assert [claim.holds for claim in dynamic.claims(found, 3, True, True)].count(None) == 1  # that of the shipped one
    found |= {(dynamic.SHIPPED, r): found["CRNN A", r] for r in dynamic.ACCELERATIONS}
    assert all(claim.holds for claim in dynamic.claims(found, 3, True, True))
    hasty = dynamic.claims(found, 3, False, True)
    assert [claim.holds for claim in hasty] == [None] * 9 + [True, True], "learning speed ranks nobody"
    opposite = {
        key: torch.cat((x[:, :1], 60 - x[:, 1:2], x[:, 2:3], 1 - x[:, 3:4], x[:, 4:]), 1) for key, x in found.items()
    }
    assert {claim.holds for claim in dynamic.claims(opposite, 3, True, True)} == {False}
    assert dynamic.ordered(scores)[0] == "CRNN B"
    del found["CRNN B", 9.0]
    assert [claim.holds for claim in dynamic.claims(found, 3, True, True)[:3]] == [True, None, True]


def test_without_its_memory_a_crnn_repeats_one_iteration(room):
    from _forgetful import Forgetful
    from films import tiny

    torch.manual_seed(0)
    method, remembering = Forgetful(features=3, iterations=2), dealias.find.method("crnn")(features=3, iterations=2)
    remembering.load_state_dict(method.state_dict())
    problem = tiny().to(dtype=torch.float32)
    first, second = method.estimates(problem)
    same, other = remembering.estimates(problem)
    torch.testing.assert_close(first, same)
    assert not torch.allclose(second, other)
    with torch.no_grad():
        for unit in (remembering.over_time, *remembering.units):
            unit.iteration.weight.zero_()
    torch.testing.assert_close([*remembering.estimates(problem)][1], second)


def test_a_receptive_field_is_as_wide_as_what_holds_its_energy(room):
    import iterations

    energy = torch.zeros(11)
    energy[4:7] = 1
    assert iterations.width(energy) == 3
    energy[0] = 0.01
    assert iterations.width(energy) == 3
    energy[0] = 1
    assert iterations.width(energy) == 11


def test_errors_are_parted_where_the_film_moves(room):
    import film

    reference = torch.zeros(4, 4, 4)
    reference[::2, 0] = 1
    wrong = reference.clone()
    wrong[:, 0] += 0.1
    wrong[:, 1:] += 0.01
    inside, outside, share = film.errors(wrong, reference)
    assert inside == pytest.approx(20, abs=1e-3) and outside == pytest.approx(40, abs=1e-3)
    assert share == pytest.approx(0.01 / (0.01 + 3e-4), rel=1e-4)


def test_times_are_judged_where_they_were_measured(room):
    from times import claims, methods, rounded

    slow = dict.fromkeys(methods(), 100.0) | {"U-Net": 10.0, "CS, 40 iterations": 90.0, "complex RIM, F = 64": 300.0}
    assert [claim.holds for claim in claims({"CPU": slow})] == [True, True, False, None]
    batch = {name: value / 60 for name, value in slow.items()}
    quick = {**slow, "RIM, F = 64": 50.0}
    times = {"CPU": slow, "GPU": quick, "GPU, in a batch": batch}
    assert [claim.holds for claim in claims(times)] == [False, True, True, True]
    assert (rounded(1234.5), rounded(1.234)) == ("1234", "1.2")


def test_k_space_is_shown_in_decades(room):
    from panels import decades

    shown = decades(torch.tensor([0, 1e-6, 1e-2, 1, 100.0]) + 0j)
    assert torch.allclose(shown, torch.tensor([0, 0, 0, 0.5, 1]))


def test_a_difference_waits_for_both(room):
    from _scores import cells, gain

    one = {"brain": torch.tensor([30.0, 31.0, 32.0]), "mean abroad": torch.tensor([20.0, 20.0, 20.0])}
    other = {"brain": torch.tensor([28.0]), "mean abroad": torch.tensor([21.0])}
    assert gain(one, other, "brain", once=(False, True)).tolist() == [2, 3, 4] and gain(one, None, "brain") is None
    assert gain(other, {"brain": torch.tensor([1.0, 2.0])}, "brain").tolist() == [27]
    assert cells(one, ["brain"]) == ["31.00 ± 1.00"] and cells(other, ["brain"]) == ["28.00"]
    assert cells(None, ["brain"]) == [None]


def test_abroad_is_the_mean_of_all_bodies_but_the_brain(room, monkeypatch):
    import _scores

    assert _scores.decibels.__defaults__ == (4.0,) and _scores.decibels.__kwdefaults__ == {"phase": False}
    monkeypatch.setattr(_scores, "decibels", lambda method, images, **how: 10 * method + len(images) + how["noise_std"])
    found = _scores.everywhere([1, 2], {"brain": "a", "knee": "bb", "heart": "cccc"}, noise_std=0.5)
    assert found["brain"].tolist() == [11.5, 21.5] and found[_scores.ABROAD].tolist() == [13.5, 23.5]
    assert _scores.everywhere([], {"brain": "a"}) is None


def test_a_verdict_is_open_within_the_spread(room):
    from _verdict import both, listed, verdict, worded

    gain = torch.tensor([0.9, 1.0, 1.1])
    assert verdict([gain]) is True and verdict([-gain]) is False and verdict([gain, -gain]) is False
    assert verdict([gain], 1.05) is None and verdict([gain], 0.8) is True and verdict([gain], 1.2) is False
    assert verdict([gain, torch.tensor([-1.0, 0.2, 1.0])]) is None, "one case within the spread opens all"
    assert verdict([gain[:2]]) is None and verdict([gain[:2]], repetitions=2) is True
    assert verdict([]) is None and verdict([gain, None]) is None and verdict([gain * torch.nan]) is None
    assert verdict([torch.zeros(3)]) is None
    assert (both(True, True), both(True, None), both(None, False)) == (True, None, False)
    assert worded(torch.tensor([1.0, 2.0]), ".1f") == "1.5 ± 0.7"
    assert listed({"a": gain, "b": -gain[:1]}) == "a: +1.00 ± 0.10 dB, b: -0.90 dB" and listed({"a": None}) is None


def test_a_single_training_is_paired_with_a_single_one(room):
    from _verdict import paired

    three, one = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0])
    assert paired(three, three - 1).tolist() == [1, 1, 1]
    assert paired(three, one).tolist() == paired(one, three).tolist() == [0], "what is trained once is no repetition"
    assert paired(three, one, once=(False, True)).tolist() == [0, 1, 2]
    assert paired(one, three, once=(True, False)).tolist() == [0, -1, -2]
    assert paired(one, one, once=(True, True)).tolist() == [0]


def test_small_images_are_whole_and_of_one_size(room):
    import unets

    image = torch.zeros(256, 192, dtype=torch.complex64)
    image[-40:, -40:] = 0.5j  # a corner, which a crop would lose
    found = unets.small(image)
    assert found.shape == (64, 64) and float(found.abs().max()) == pytest.approx(1)
    assert float(found[-5:, 40:46].abs().min()) > 0.5 and not found[:, 48:].any()


def test_the_unets_claims(room):
    import unets

    chance = torch.tensor([-0.01, 0.0, 0.01])
    level = {unets.BRAIN: 30.0, unets.ABROAD: 25.0}
    names = ("zero-filled", unets.TOTAL, unets.CS, unets.SHIPPED, unets.BRIEF, *unets.VARIANTS)
    learned = {(seen, count): None for count in unets.COUNTS for seen in ("image", "kspace")}
    assert {claim.holds for claim in unets.claims({name: None for name in names}, learned)} == {None}
    scores = {name: {place: value - rank + chance for place, value in level.items()} for rank, name in enumerate(names)}
    for name in names[:4]:  # one of each, which was not trained here
        scores[name] = {place: value[1:2] for place, value in scores[name].items()}
    ahead = {place: value + chance for place, value in level.items()}
    behind = {place: 0.0 + chance for place in level}
    learned = {key: ahead if key[0] == "kspace" else behind for key in learned}
    # total variation, the shipped RIM two dB above the first U-Net, the brief one, then the U-Nets in their order
    found = [claim.holds for claim in unets.claims(scores, learned)]
    assert found == [True, True, False, None, True, False, False], "two dB are two dB, within the spread"
    opposite = {name: {place: -value for place, value in found.items()} for name, found in scores.items()}
    learned = {key: behind if key[0] == "kspace" else ahead for key in learned}
    found = [claim.holds for claim in unets.claims(opposite, learned)]
    assert found == [False, False, True, False, False, True, True]


def test_a_magnitude_learns_from_its_own_error_and_a_phase_from_complex_ones(room):
    import unets

    losses = [unets.training(1, arguments)["loss"] for arguments in unets.VARIANTS.values()]
    assert losses == ["magnitude_error"] * 2 + ["squared_error"] * 2 + ["magnitude_error"]


def test_the_claims_on_memory(room):
    import hidden_state

    chance = torch.tensor([-0.01, 0.0, 0.01])

    def scores(home, abroad):
        def found(home, abroad):
            return {hidden_state.BRAIN: home + chance, hidden_state.ABROAD: abroad + chance}

        return {
            r: {hidden_state.WITH: found(home, abroad), hidden_state.WITHOUT: found(0.0, 0.0)}
            for r in hidden_state.ACCELERATIONS
        }

    told, untold = (dict.fromkeys(hidden_state.NOISES, value + chance.abs()) for value in (2.0, 1.0))
    assert [c.holds for c in hidden_state.claims(scores(1.0, 2.0), told, untold)] == [True, True, True]
    assert [c.holds for c in hidden_state.claims(scores(1.0, 0.5), untold, told)] == [True, False, False]
    assert [c.holds for c in hidden_state.claims(scores(-1.0, -0.5), told, None)] == [False, False, None]


def test_our_settings_are_the_common_training(room):
    import sensitivity
    from _image_trainings import rim

    trainings = sensitivity.trainings(10)
    assert [name for name, settings in trainings.items() if settings == rim(10)] == [sensitivity.OURS]


def test_the_claims_on_what_is_left_open(room):
    import sensitivity

    grid = {(w, n): 30.0 for w in sensitivity.WEIGHTS for n in sensitivity.ITERATIONS}
    alone = dict.fromkeys(sensitivity.ITERATIONS, 29.95)
    names = sensitivity.trainings(10)
    chance = torch.tensor([-0.01, 0.0, 0.01])
    trained = {name: {sensitivity.BRAIN: 30 + chance, sensitivity.ABROAD: 20 + chance} for name in names}
    assert [c.holds for c in sensitivity.claims(grid, alone, trained)] == [True, True, True, None]
    upright = {sensitivity.BRAIN: 29.5 + chance, sensitivity.ABROAD: 19 + chance}
    opposite = {name: upright if name == sensitivity.OURS else scores for name, scores in trained.items()}
    assert [c.holds for c in sensitivity.claims(grid, alone, opposite)[2:]] == [False, False]
    assert sensitivity.claims(grid, alone, {**trained, "no random phase": upright})[3].holds is True
    grid[sensitivity.WEIGHTS[1], 160] = 30.2
    assert [c.holds for c in sensitivity.claims(grid, alone, dict.fromkeys(names))] == [False, True, None, None]
    grid[sensitivity.WEIGHTS[2], 40] = 30.15
    assert [c.holds for c in sensitivity.claims(grid, alone, dict.fromkeys(names))] == [True, False, None, None]


def test_a_receptive_field_grows_with_each_iteration(room, monkeypatch):
    import iterations

    monkeypatch.setattr(iterations, "SIZE", (4, 40, 32))
    monkeypatch.setattr(iterations, "DEPTH", 3)
    torch.manual_seed(0)
    rows = iterations.field(dealias.find.method("crnn")(features=8, iterations=1))
    # five convolutions, and two more for the memory of the two frames before
    assert int(rows[0, 0]) == 15 and bool((rows[:, 0].diff() > 0).all())
    assert bool((rows[:, 1] <= rows[:, 0]).all()) and int(rows[:, 2].max()) <= 4


def test_the_project_page_samples_two_per_cent_for_certain(room):
    from _project_page import CENTRE, errors, squares

    dealias.sampling.gaussian((200, 200), 50, centre=0.97 * CENTRE)
    with pytest.raises(dealias.UserError, match="central ones"):
        dealias.sampling.gaussian((200, 200), 50, centre=1.03 * CENTRE)
    images = squares(2)
    scans = room["data"].scans(images, 6.0, centre=CENTRE)
    wanted = torch.stack([(scan.zero_filled - image).abs().square().mean() for scan, image in scans]).mean()
    assert torch.allclose(errors(["zero_filled"] * 3, images, 6.0), wanted.expand(3, 1))


def test_claims_on_iterations_are_open_until_all_is_trained(room):
    import iterations

    rising = torch.linspace(20, 30, iterations.ITERATIONS) + torch.tensor([[-0.01], [0.0], [0.01]])
    shipped = dict.fromkeys(iterations.ACCELERATIONS, rising)
    seen = torch.tensor([[15, 5, 3], [25, 5, 3]])
    early = (2 * rising - 20).clamp_max(30)
    units = {name: rising for name in iterations.UNITS}
    found = iterations.claims(shipped, {**units, "gru": early}, seen)
    assert [claim.holds for claim in found] == [True, True, None, True]
    falling = dict.fromkeys(shipped, rising.flip(1))
    forgetful = {**units, "relu": rising - 1}
    found = iterations.claims(falling, forgetful, seen.flip(0))
    assert [claim.holds for claim in found] == [False, None, False, False]
    assert [claim.holds for claim in iterations.claims(shipped, {}, seen)] == [True, None, None, True]
    forgetful = {**units, "relu": rising + 1}
    assert iterations.claims(shipped, forgetful, seen)[2].holds is True
    late = {**units, "relu": early}
    assert iterations.claims(shipped, late, seen)[1].holds is False
    weak = {**units, "gru": early - 5, "lstm": early - 5}
    assert iterations.claims(shipped, weak, seen)[1].holds is None, "soon at a best that is none"


def test_with_motion_a_training_starts_where_the_shipped_network_is(room, tmp_path, monkeypatch):
    import _films
    import motion

    monkeypatch.setattr(motion, "CACHE", tmp_path)
    monkeypatch.setattr(motion, "taught", lambda motion: None)
    (subject,) = _films.hearts(1, frames=3, rows=8)
    still, moving = (dealias.load(motion.started(choice)) for choice in (False, True))
    a, b = (dealias.reconstruct(method, subject.scan(6.0), iterations=2) for method in (still, moving))
    assert moving.motion is not None and torch.allclose(a, b, atol=1e-5)
    scores = motion.errors(0.9 * subject.film, subject.film)
    assert [scores[0], scores[2]] == pytest.approx([0.01, 0.01], rel=1e-3) and scores[1] < scores[3]


def test_claims_on_motion(room):
    import motion

    assert [claim.holds for claim in motion.claims(None)] == [None]
    scores = torch.ones(2, 3, 1, 4)
    scores = scores.expand(2, 3, 3, 4).clone()
    scores[:, 1, :, 0] = torch.tensor([0.89, 0.9, 0.91])
    scores[:, 1, :, 2] = torch.tensor([1.09, 1.1, 1.11])
    holds = [claim.holds for claim in motion.claims((scores, [0.8, 0.7, 0.75]))]
    assert holds == [True, False, True, True]
    scores[:, 1:, :, 0] = torch.tensor([0.9, 1.0, 1.2])
    holds = [claim.holds for claim in motion.claims((scores, [1.2, 1.1, 1.15]))]
    assert holds == [None, False, None, False]


@pytest.mark.parametrize(("sign", "holds"), [(1, True), (-1, False)])
def test_generalisation_is_judged_both_ways(room, sign, holds):
    import generalisation as page

    chance = torch.tensor([-0.001, 0.0, 0.001])[:, None, None, None, None]
    level = {"CS": 0.5, page.SHIPPED: 0.9}  # SSIM, and PSNR / 100; a U-Net abroad loses more
    results = {}
    for tested in (*page.SETS, page.THIRD):
        nets = {f"RIM {kind}": 0.9 for kind in page.SETS}
        nets |= {f"U-Net {kind}": 0.4 if tested == kind else 0.2 for kind in page.SETS}
        scores = {name: torch.full((3, 4, 2, 2, 2), value) + chance for name, value in nets.items()}
        scores |= {name: torch.full((1, 4, 2, 2, 2), value) for name, value in level.items()}
        results[tested] = {name: sign * value * torch.tensor([1.0, 100.0]) for name, value in scores.items()}
    wide, narrow = (width + 1e-4 * torch.arange(3.0).expand(2, 3) for width in (0.03, 0.01))
    found = [wide, wide, narrow][::sign]
    seconds = {"U-Net A": 1.0, "RIM A": 7.0 if holds else 5.0}
    assert [claim.holds for claim in page.claims(results, seconds, found)] == [holds] * 7
    one = {tested: {name: value[:1] for name, value in scores.items()} for tested, scores in results.items()}
    holds_of_one = [claim.holds for claim in page.claims(one, seconds, [spread[:, :1] for spread in found])]
    assert holds_of_one == [None] * 5 + [holds, None], "one training decides nothing"
    empty = {tested: {"CS": results[tested]["CS"]} for tested in results}
    assert {claim.holds for claim in page.claims(empty, {}, None)} == {None}


def test_the_rim_abroad_is_judged_by_each_body_and_number_of_coils(room):
    import foreign

    ahead = {name: torch.tensor([0.9, 1.0, 1.1]) for name in "ab"}
    behind = {**ahead, "b": -ahead["b"]}
    assert [claim.holds for claim in foreign.claims(ahead, ahead, ahead)] == [True] * 3
    assert [claim.holds for claim in foreign.claims(behind, behind, behind)] == [False] * 3
    open_ = foreign.claims({**ahead, "b": ahead["b"] - 1}, ahead, {})
    assert [claim.holds for claim in open_] == [None, True, None] and open_[2].ours is None
    scores = foreign.stacked([dict.fromkeys(foreign.METHODS, (30.0, 0.9)) | {"rim": (31.0, 0.9)}] * 2)
    assert foreign.gains(scores).tolist() == [1, 1] and foreign.means(scores)[-1] == "31.00 / 0.900"
    assert foreign.measured() == {}


def test_what_would_decide_the_open_claims(room, monkeypatch):
    import claims

    monkeypatch.setattr(claims, "seconds", lambda settings: 6.0)
    numbers = {"generalisation": 12, "hidden_state": 12, "hyper_parameters": 21, "sensitivity": 15, "survey": 6}
    numbers |= {"unets": 42, "one_for_all": 18, "error_per_step": 3, "spread": 2}
    assert {name: len(settings) for name, settings in claims.trainings().items()} == numbers
    rows, total = claims.costs({"hidden_state": 3, "one_for_all": 2, "times": 1, "motion": 2, "hyper_parameters": 5})
    command = "`python reproductions/hidden_state.py --minutes 1200`"
    assert rows[0] == ["hidden_state", 3, "12 of 1000", "1200", "", command]
    assert rows[1][1:4] == [2, "3 of 180, 15 of 1000", "1554"] and rows[2][4:] == [
        "a GPU",
        "`python reproductions/times.py`",
    ]
    assert "given time" in rows[3][4] and rows[3][5].startswith("`python reproductions/motion.py --minutes ")
    assert rows[4][2] == "21 of 1000" and rows[4][5].endswith("hyper_parameters.py --minutes 2100`")
    assert total == 1200 + (1554 - 300) + (2100 - 300), "the common ones are trained once"


def test_claims_are_read_from_the_last_table_that_has_them(room):
    import claims

    page, judged = room["page"], room["page"].Claim("x", "1", "2", None)
    rows = page.table(["claim", "paper", "ours", ""], [judged.row()])
    assert claims.said(f"{page.table(['a'], [[1]])}\n\n{rows}\n\nMade by it.\n") == [["x", "1", "2", "open"]]
    assert claims.said(page.table(["a"], [[1]]) + "\n") == []


def test_the_surveys_claims(room):
    import survey

    chance = torch.tensor([-0.01, 0.0, 0.01])[:, None]
    names = (survey.TOTAL, survey.UNET, *survey.UNROLLED)
    coils = {case: {name: 30.0 + k + chance.expand(3, 2) for k, name in enumerate(names)} for case in "ab"}
    pixels = {case: {survey.TOTAL: torch.full((1, 4, 2), 30.0)} for case in "ab"}
    for scores in pixels.values():
        scores |= {
            survey.TWIN: 28 + chance[..., None].expand(3, 4, 2),
            survey.NAIVE: 20 - chance[..., None].expand(3, 4, 2),
        }
    assert [claim.holds for claim in survey.claims(coils, pixels)] == [True] * 6
    opposite = [{case: {name: -x for name, x in some.items()} for case, some in of.items()} for of in (coils, pixels)]
    assert [claim.holds for claim in survey.claims(*opposite)] == [False] * 6
    one = {case: {**some, survey.NAIVE: some[survey.NAIVE][:1]} for case, some in pixels.items()}
    assert [claim.holds for claim in survey.claims(coils, one)][4:] == [None, None], "one training decides nothing"
    for scores in (*coils.values(), *pixels.values()):
        scores |= {survey.NAIVE: None}
        scores.pop(survey.UNET, None)
    assert {claim.holds for claim in survey.claims(coils, pixels)} == {None}
    assert {claim.holds for claim in survey.claims({}, pixels)} == {None}
    assert survey.rows({"a": {"x": torch.tensor([[30.0, 0.5], [31.0, 0.7]]), "y": None}})[0] == ["x", "30.50 / 0.600"]
    assert survey.gains(one, survey.TOTAL, survey.NAIVE)["a"].shape == (1,)
    assert survey.gains(pixels, survey.TOTAL, survey.TWIN)["a"].tolist() == pytest.approx([2.01, 2.0, 1.99])


def test_lines_leave_enough_of_the_centre_for_maps(room):
    import survey

    wide, narrow = (survey.lines((20, columns), 8.0, 0) for columns in (400, 180))
    assert int(wide[0].sum()) == 50 and bool(wide[0, 192:208].all()) and not wide[0, 190:210].all()
    assert int(narrow[0].sum()) == 22 and bool(narrow[0, 84:97].all())
    assert int(survey.lines((20, 180), 4.0, 0)[0].sum()) == 45


def test_what_has_no_weights_is_left_out(room):
    from _pictures import described, known

    found = known({"a": "zero_filled", "b": "e2e_varnet_of_nobody", "c": "rim"})
    assert [*found] == ["a", "c"] and found["c"].iterations == 8
    card = dealias.cards.read(dealias.cards.path_of("rim"))
    updates = card["updates"] + sum(part["updates"] for part in card.get("before", ()))
    assert described("rim", "nobody").startswith(f"rim had {updates:,} updates in ")
    assert described("rim", "nobody").endswith(" hours of a core, nobody has no weights yet")


def test_scores_are_computed_once(room, monkeypatch):
    import _scores

    image = head((32, 24), seed=1)
    scan = dealias.Acquisition.simulate(image, dealias.sampling.gaussian((32, 24), 2.0))
    method = dealias.load("zero_filled")
    first = _scores.psnr_and_ssim(method, scan, image, case="a")
    assert first == pytest.approx(
        (float(_scores.psnr(scan.zero_filled, image)), float(_scores.ssim(scan.zero_filled, image)))
    )
    monkeypatch.setattr(dealias, "reconstruct", lambda *_: image)
    assert _scores.psnr_and_ssim(method, scan, image, case="a") == first
    assert _scores.psnr_and_ssim(method, scan, image, case="b")[0] > 100
    assert _scores.psnr_and_ssim(dealias.load("sense"), scan, image, case="a")[0] > 100, "another method"


def test_the_weight_of_variation_is_judged_by_the_best_of_each_film(room):
    import film_weights as page

    place = page.WEIGHTS.index(page.DEFAULT)
    best = [30.0 - abs(k - place) for k in range(len(page.WEIGHTS))]
    assert [claim.holds for claim in page.claims([best], [best])] == [True] * 3
    worst = [30.0 + abs(k - place) for k in range(len(page.WEIGHTS))]
    assert [claim.holds for claim in page.claims([worst], [worst])] == [False] * 3
    near = [value + 0.29 * (k == place + 1) for k, value in enumerate([30.0] * len(best))]
    assert [claim.holds for claim in page.claims([best], [near, best])] == [True] * 3
    assert page.losses([near], page.DEFAULT) == [pytest.approx(0.29)]
    # the least mean loss, not the highest mean: a film of many decibels has no more weight than another
    assert page.chosen([[40.0, 39.0, 0, 0, 0], [9.0, 20.0, 0, 0, 0]]) == page.WEIGHTS[1]
    assert page.chosen([[60.0, 20.0, 20.0, 20.0, 20.0], [50.0, 70.0, 80.0, 99.0, 0.0]]) == page.WEIGHTS[3]


PAGES = ROOM.parent / "docs" / "reproductions"
JUDGED = sorted(path.stem for path in PAGES.glob("*.md") if "The claims were judged again" in path.read_text())


@pytest.mark.parametrize("name", JUDGED)
def test_a_page_that_was_judged_again_agrees_with_its_script(room, name):
    import _judge_again

    text = (PAGES / f"{name}.md").read_text()
    assert _judge_again.judged(name, text) in text


def test_judging_again_writes_claims_and_a_note_and_refuses_seeds(room):
    import _judge_again

    folder = room["page"].PAGES
    folder.mkdir()
    rows = [[name, *["30.00 / 0.9000"] * 4] for name in ("zero-filled", "CS", "one for each, 30 x 30")]
    rows += [["one for all, 30 x 30", *["31.00 / 0.9500"] * 4], ["one for all, 200 x 200", *[None] * 4]]
    made = room["page"].table(["trained", "2x", "3x", "4x", "5x"], rows)
    old = room["page"].table(["claim", "paper", "ours", ""], [["x", "", "", "holds"]])
    text = f"# Title\n\n{_judge_again.OLDER}: run it.\n\n{made}\n\n{old}\n\nMade by `x`.\n"
    (folder / "one_for_all.md").write_text(text)
    _judge_again.judge("one_for_all")
    found = (folder / "one_for_all.md").read_text()
    assert found.startswith(f"# Title\n\n{_judge_again.NOTE} on ") and found.endswith("\n\nMade by `x`.\n")
    assert made in found and _judge_again.OLDER not in found and "holds |" not in found
    assert "2x +0.0500 (+1.00 dB)" in found and "| stated | not run yet | open |" in found
    with pytest.raises(SystemExit, match="run python reproductions/one_for_all.py"):
        _judge_again.judged("one_for_all", text.replace("31.00", "31.00 ± 0.10"))


def test_the_index_names_every_page_and_links_those_that_are_written():
    index = (ROOM.parent / "docs" / "reproductions" / "README.md").read_text()
    named = {*re.findall(r"^\| \[?(\w+)", index, re.M)} - {"page", "script"}
    assert named == {path.stem for path in ROOM.glob("[!_]*.py")}
    linked = {*re.findall(r"\]\((\w+)\.md\)", index)}
    assert linked == {path.stem for path in (ROOM.parent / "docs" / "reproductions").glob("*.md")} - {"README"}


def test_numbers_are_computed_once_for_each_method_and_setting(room):
    from _remembered import remembered

    counted = []

    def compute():
        counted.append(len(counted))
        return {"psnr": 30.0 + len(counted)}

    wavelet = dealias.load("wavelet")
    first = remembered(compute, wavelet, body="knee", size=torch.Size((3, 4)))
    assert first["psnr"] == 31 and remembered(compute, wavelet, body="knee", size=(3, 4)) == first
    assert remembered(compute, dealias.load("wavelet", levels=2), body="knee", size=(3, 4))["psnr"] == 32
    assert remembered(compute, wavelet, body="brain", size=(3, 4))["psnr"] == 33 and len(counted) == 3


def test_images_are_no_longer_than_asked(room):
    image = head((40, 60), seed=3)
    assert room["data"].resized(image, 30).shape == (20, 30)
    same = room["data"].resized(image, 100)
    torch.testing.assert_close(same, image / image.abs().max())
    assert set(room["data"].abroad(30)) == set(room["data"].foreign())  # no measured knees without the data


def test_a_prior_is_judged_by_bodies_abroad(room):
    import abroad

    chance = torch.tensor([0.0, 0.0, 0.1, 0.0, -0.1])[:, None, None]
    levels = {"wavelet": 30, "unet": 27, "modl": 31, "rim": 31, "plug_and_play": 32, "diffpir": 32}
    scores = {name: value + torch.zeros(5, 2, 3) for name, value in levels.items()}
    scores["unet"][:2, :, 0] += 6  # taught on brains, the first two
    for name in abroad.PRIORS:
        scores[name] = scores[name] + chance
    whole = (80.0, 1.0, (256, 256))
    found = [claim.holds for claim in abroad.claims(scores, 2, whole)]
    assert found == [True, True, None, True, True]  # the RIM and MoDL fall as far as the prior
    assert "plug_and_play: +5.00" in abroad.claims(scores, 2, whole)[0].ours
    missing = {name: values for name, values in scores.items() if name != "unet"}
    assert [claim.holds for claim in abroad.claims(missing, 2, (130.0, 1.0, (256, 256)))] == [
        None,
        True,
        None,
        True,
        None,
    ]
    falls = abroad.falls(scores, "plug_and_play", "unet", 2)
    torch.testing.assert_close(falls, torch.tensor([6.1, 6.0, 5.9]))


def test_intervals_are_honest_within_their_margin(room):
    import posterior

    assert posterior.honest(torch.tensor([0.88, 0.9, 0.91])) is True
    assert posterior.honest(torch.tensor([0.80, 0.81, 0.82])) is False
    assert posterior.honest(torch.tensor([0.97, 0.98, 0.98])) is False
    assert posterior.honest(torch.tensor([0.80, 0.90, 0.97])) is None


def test_runs_of_untrained_networks_are_scored_alone_and_together(room):
    import no_training
    from dealias.methods.conv_decoder import ConvDecoder

    ((scan, image),) = room["data"].scans([head((32, 32), seed=3)], 3.0, coils=2, kind="cartesian")
    method = ConvDecoder(features=4, layers=3, iterations=5)
    *single, mean = no_training.several(method, scan, image, 2)["runs"]
    both = dealias.reconstruct(method.with_arguments(runs=2), scan)
    assert len(single) == 2 and single[0][0] != single[1][0]
    assert mean[0] == pytest.approx(float(psnr(both, image)), abs=0.05)  # gradients of the mean, or their mean
    assert mean[2] == pytest.approx(single[0][2] + single[1][2])


def test_numbers_are_computed_once_in_time_and_known_by_what_made_them(room, tmp_path):
    from _remembered import InTime

    asked = []

    def compute():
        asked.append(1)
        return torch.tensor([1.5, len(asked)])

    assert InTime(0, weights="a").get(compute, bits=4) is None and not asked
    first = InTime(5, weights="a").get(compute, bits=4)
    assert first.tolist() == [1.5, 1]
    assert InTime(0, weights="a").get(compute, bits=4).tolist() == [1.5, 1]
    for other in ({"weights": "b"}, {"weights": "a", "more": 1}):
        assert InTime(0, **other).get(compute, bits=4) is None
    assert InTime(5, weights="a").get(compute, bits=8).tolist() == [1.5, 2]


def flow_scores(page, **levels):
    """Scores of three slices by method, alike on both sets."""
    wobble = torch.tensor([-0.01, 0.0, 0.01])
    names = {"l1": page.L1, "probability": page.PROBABILITY, "combined": page.COMBINED, "pursuit": page.PURSUIT}
    names |= {"cs": page.CS, "generator": page.GENERATOR}
    given = {"l1": 30.0, "probability": 20.0, "combined": 31.0, "pursuit": 29.0, "cs": 33.0, "generator": 18.0} | levels
    return {
        (bits, names[key]): None if value is None else value + wobble * (3 if key == "combined" else 1)
        for key, value in given.items()
        for bits in page.BITS
    }


def test_the_claims_on_flows(room):
    import flow as page

    images = torch.rand(3, *page.SIZE, generator=torch.Generator().manual_seed(0))

    def verdicts(missed=None, **levels):
        scores = flow_scores(page, **levels)
        errors = {key: None if x is None else page.nrmse(x, images) for key, x in scores.items()}
        return [claim.holds for claim in page.claims(scores, errors, missed)]

    missed = torch.tensor([[0.2, 0.21, 0.22], [0.0, 0.0, 0.0], [1.0, 1.1, 1.2]])
    assert verdicts(missed)[:4] == [True, True, True, True] and verdicts(missed)[5] is True
    assert verdicts(missed.flip(0))[5] is True and verdicts(missed[[1, 0, 2]])[5] is False
    assert verdicts()[5] is None and verdicts(combined=None)[0] is None and verdicts(pursuit=None)[3:5] == [None, None]
    assert verdicts(combined=29.95)[0] is True, "a tie"
    assert verdicts(combined=29.8)[0] is False and verdicts(combined=28.0)[3] is False
    assert verdicts(probability=32.0)[:2] == [False, False]


def test_errors_over_norms_are_those_of_the_decibels(room):
    import flow as page

    image = torch.rand(2, *page.SIZE, generator=torch.Generator().manual_seed(1))
    image = image / image.amax((-2, -1), keepdim=True)
    noisy = (image + 0.1 * torch.randn(image.shape, generator=torch.Generator().manual_seed(2))).abs()
    wanted = (noisy - image).flatten(1).norm(dim=1) / image.flatten(1).norm(dim=1)
    decibels = dealias.evaluation.metrics.psnr(noisy, image)
    assert torch.allclose(page.nrmse(decibels, image), wanted, rtol=1e-4)


def test_a_flow_is_tuned_as_the_study_did(room):
    import _small_slices as page

    class Remembered:
        """PSNR (2, update, slice): best from zero at rate 0.3, L1 0.005, 50 updates, then probability 0.08."""

        def get(self, compute, *, trial):
            peak = 30 - 100 * abs(trial["rate"] - 0.3) - 1000 * abs(trial["l1_weight"] - 5e-3)
            peak += 100 * trial["probability_weight"] + (trial["start"] == 0.0)
            path = torch.tensor([[peak - 0.01 * abs(update - 50)] * 3 for update in range(1, 102)])
            return torch.stack((-path, path))

    chosen, rows = page.tuned(Remembered(), torch.rand(3, *page.SIZE))
    wanted = {"iterations": 51, "start": 0.0, "rate": 0.3, "l1_weight": 5e-3, "probability_weight": 8e-2}
    assert chosen == wanted
    # four ranges, of which each begins with what the one before chose
    assert len(rows) == 2 + 3 + 3 + 3 - 2 and len({tuple(row) for row in rows}) == len(rows)

    class Empty:
        def get(self, compute, **key):
            return None

    assert page.tuned(Empty(), torch.rand(3, *page.SIZE))[0] is None


def test_the_slices_that_chose_the_weights_are_not_reported(room, monkeypatch):
    import _small_slices as page

    several = [torch.full((80, 64), 1.0 + number, dtype=torch.complex64) for number in range(30)]
    for number, image in enumerate(several):
        image[0, 0] = 100.0
        image[1, 1] = number
    monkeypatch.setattr(page, "read", lambda _: several)
    trials, reported = page.slices(15)
    assert len(trials) == 3 and len(reported) == 15
    numbers = {round(float(image[1, 1] * 100)) for image in reported}
    assert len(numbers) == 15 and not numbers & {0, 6, 12, 18, 24}
    assert {round(float(image[1, 1] * 100)) for image in trials} == {0, 12, 24}


def test_measured_samples_are_put_back_as_they_were(room):
    import _small_slices as page

    images = torch.rand(2, *page.SIZE, generator=torch.Generator().manual_seed(3))
    images = images / images.amax((-2, -1), keepdim=True)
    path = page.followed(dealias.load("zero_filled"), images)
    assert path.shape == (2, 1, 2) and torch.allclose(path[0], path[1], atol=1e-3), "A^H y agrees with them already"
    flow = page.FlowPrior({"rows": 80, "columns": 64, "levels": 1, "steps": 1, "features": 2}, iterations=3, start=0.0)
    own, restored = page.followed(flow, images)
    assert (restored[:-1] > own[:-1] + 0.1).all()
    assert torch.allclose(own[-1], restored[-2], atol=0.05), "the last estimate is the one before with its data"
