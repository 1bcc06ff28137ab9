"""The RIM: its parameters, one step by hand, and what training it does."""

import pytest
import torch
from torch.nn.functional import conv2d

from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.methods.rim import RIM
from dealias.networks.channels import to_channels, to_image
from dealias.networks.conv_gru import ConvGRU
from dealias.noise import with_noise_level
from dealias.susceptibility.division import ridge_division
from dealias.susceptibility.problem import Susceptibility
from dealias.testing import assert_close
from problems import film

SMALL = {"features": 8, "iterations": 3}


def plain(rim, problem):
    """The equations of the module as one would write them down, in PyTorch's default layout."""
    x, states = problem.zero_filled, [0.0, 0.0]
    lead = x.shape[:-2]

    def unit(gru, seen, h):
        w, u, v = (m.weight[..., None, None] for m in (gru.input, gru.gates, gru.candidate))
        wx = conv2d(seen, w, gru.input.bias)
        h = torch.zeros_like(wx[:, : v.shape[0]]) + h
        wr, wz, wn = wx.chunk(3, 1)
        ur, uz = conv2d(h, u).chunk(2, 1)
        r, z = torch.sigmoid(wr + ur), torch.sigmoid(wz + uz)
        n = torch.tanh(wn + conv2d(r * h, v))
        return z * h + (1 - z) * n

    for _ in range(rim.iterations):
        g = problem.operator.adjoint(problem.operator(x) - problem.data)
        seen = torch.stack((x.real, x.imag, g.real, g.imag), -3).reshape(-1, 4, *x.shape[-2:])
        states[0] = unit(rim.units[0], torch.relu(rim.inwards(seen)), states[0])
        states[1] = unit(rim.units[1], torch.relu(rim.between(states[0])), states[1])
        update = rim.outwards(states[1])
        x = x + torch.complex(update[:, 0], update[:, 1]).reshape(*lead, *x.shape[-2:])
        yield x


def test_parameters():
    assert sum(value.numel() for value in RIM().parameters()) == 94_082


@pytest.mark.parametrize("coils", [1, 3])
def test_every_step_is_the_plain_equations(coils):
    torch.manual_seed(1)
    rim = RIM(features=16, iterations=4)
    problem = film(coils=coils).normalised()[0]
    with torch.no_grad():
        for fast, slow in zip(rim.estimates(problem), plain(rim, problem), strict=True):
            assert_close(fast, slow, 1e-5, "one step")


def test_one_step_by_hand():
    """One pixel, one feature, all weights chosen: the numbers of a pocket calculator."""
    rim = RIM(features=1, iterations=1)
    with torch.no_grad():
        for value in rim.parameters():
            value.zero_()
        rim.inwards.weight[0, :, 2, 2] = torch.tensor([2.0, 0.0, 0.0, 0.0])  # sees Re x
        rim.units[0].input.weight[:, 0] = torch.tensor([0.0, 0.0, 0.5])  # r, z = 1/2, n = tanh(x / 2)
        rim.between.weight[0, 0, 1, 1] = 1.0
        rim.units[1].input.bias[1:] = torch.tensor([1.0, -2.0])  # z = sig(1), n = tanh(-2)
        rim.outwards.weight[:, 0, 1, 1] = torch.tensor([3.0, 1.0])
        rim.outwards.bias[:] = torch.tensor([0.1, 0.0])
    problem = Acquisition.simulate(torch.ones(1, 1, dtype=torch.complex64), torch.ones(1, 1))
    (x,) = rim.estimates(problem)
    # second state: (1 - 0.7310586) * -0.9640276 = -0.2592670; x = 1 + 3 h + 0.1 + i h
    assert x.item() == pytest.approx(0.3221990 - 0.2592670j, abs=1e-6)
    # first state: (1 - 1/2) * tanh(2 / 2)
    assert rim.units[0](torch.ones(1, 1, 1, 1) * 2, None).item() == pytest.approx(0.5 * 0.7615942, abs=1e-6)


@pytest.mark.parametrize("state", [False, True])
def test_gradient_of_the_unit(state, monkeypatch):
    monkeypatch.setattr("dealias.networks.conv_gru.BLOCK", 32)  # 4 pixels in float64
    torch.manual_seed(0)
    unit = ConvGRU(3, 5).double()
    x = torch.randn(2, 3, 3, 3, dtype=torch.double, requires_grad=True)
    h = torch.randn(2, 5, 3, 3, dtype=torch.double, requires_grad=True) if state else None
    assert torch.autograd.gradcheck(lambda x, h, *_: unit(x, h), (x, h, *unit.parameters()))


def test_more_steps_at_run_time_go_on_from_fewer():
    rim = RIM(**SMALL)
    problem = film().normalised()[0]
    with torch.no_grad():
        few = list(rim.estimates(problem))
        rim.iterations = 5
        many = list(rim.estimates(problem))
    assert len(many) == 5
    assert torch.equal(few[-1], many[2])


def test_without_memory_a_step_sees_its_estimate_alone():
    """Two steps are one step, twice: the second starts from the first estimate as if there had been no other."""
    torch.manual_seed(0)
    rim = RIM(**SMALL, memory=False)
    problem = film().normalised()[0]
    with torch.no_grad():
        found = list(rim.estimates(problem))
        x = problem.zero_filled
        for estimate in found:
            seen = to_channels(x, problem.gradient(x))
            x = x + to_image(rim._step(seen, None, None)[0], x)
            assert torch.equal(estimate, x)
        rim.memory = True
        remembering = list(rim.estimates(problem))
    assert torch.equal(found[0], remembering[0]) and not torch.allclose(found[1], remembering[1])


def test_recomputing_steps_gives_the_same_gradient():
    gradients = []
    for recompute in (False, True):
        torch.manual_seed(0)
        rim = RIM(**SMALL, recompute=recompute)
        sum(x.abs().square().sum() for x in rim.estimates(film().normalised()[0])).backward()
        gradients.append([value.grad for value in rim.parameters()])
    for stored, recomputed in zip(*gradients, strict=True):
        assert_close(recomputed, stored, 1e-5, "gradient")


def test_consistent_estimates_obey_noiseless_data():
    torch.manual_seed(0)
    image = torch.randn(17, 21, dtype=torch.complex64)
    problem = Acquisition.simulate(image, torch.rand(17, 21) < 0.5)
    with torch.no_grad():
        for x in RIM(**SMALL, consistency_steps=2).train().estimates(problem):
            assert_close(problem.operator(x), problem.data, 1e-5, "A x")
        for x in RIM(**SMALL, consistency_steps=2).eval().estimates(problem):
            assert_close(problem.operator(x), problem.data, 1e-5, "A x")


def test_outside_training_only_the_last_estimate_is_corrected_at_length():
    problem = film(coils=3).normalised()[0]
    quiet = Acquisition(problem.kspace, problem.mask, problem.maps)
    torch.manual_seed(0)
    rim = RIM(**SMALL, consistency_steps=6)
    with torch.no_grad():
        trained, used = (list(rim.train(mode).estimates(quiet)) for mode in (True, False))
    left = [[float((quiet.operator(x) - quiet.data).norm()) for x in found] for found in (trained, used)]
    assert all(early < late for early, late in zip(left[0][:-1], left[1][:-1], strict=True))
    assert torch.equal(trained[-1], used[-1])


@pytest.mark.parametrize("coils", [1, 3])
def test_the_correction_is_the_best_linear_estimate_of_a_white_error(coils):
    """Against the plain solution of its equation, built column by column."""
    problem = film(coils=coils, batch=(), shape=(6, 5)).normalised()[0].to(dtype=torch.float64)
    x = torch.randn(6, 5, dtype=torch.complex128)
    d = RIM._correction(problem, x, 60)
    columns = [problem.operator(unit.reshape(6, 5)) for unit in torch.eye(30, dtype=torch.complex128)]
    a = torch.stack([column.flatten() for column in columns], 1)
    r = (problem.data - problem.operator(x)).flatten()
    noise = 2 * float(problem.noise_std.max()) ** 2  # of a sample
    excess = float(r.abs().square().sum()) - noise * int((problem.data != 0).sum())
    error = excess / int(problem.mask.sum())  # of a pixel; maps have unit root sum of squares
    wanted = torch.linalg.solve(a.mH @ a + noise / error * torch.eye(30), a.mH @ r)
    assert_close(d.flatten(), wanted, 1e-8, "correction")


def test_many_coils_come_nearer_to_their_data_with_more_conjugate_gradients():
    problem = film(coils=3).normalised()[0]
    quiet = Acquisition(problem.kspace, problem.mask, problem.maps)
    left = []
    for consistency_steps in (0, 1, 4):
        torch.manual_seed(0)
        with torch.no_grad():
            x = list(RIM(**SMALL, consistency_steps=consistency_steps).estimates(quiet))[-1]
        left.append(float((quiet.operator(x) - quiet.data).norm()))
    assert left[0] > 2 * left[1] > 2 * left[2]


def test_consistent_estimates_do_not_chase_noise():
    """Where the residual is what noise alone would leave, the estimate stays as the network made it."""
    problem = film(coils=1, batch=())
    loud = Acquisition(problem.kspace, problem.mask, None, problem.noise_std * 1e3)
    torch.manual_seed(0)
    rim, free = RIM(**SMALL, consistency_steps=2), RIM(**SMALL)
    free.load_state_dict(rim.state_dict())
    with torch.no_grad():
        for obeying, own in zip(rim.estimates(loud), free.estimates(loud), strict=True):
            assert torch.equal(obeying, own)


def test_noise_level_as_an_input():
    torch.manual_seed(0)
    rim = RIM(**SMALL, noise_input=True)
    quiet = film()
    loud = Acquisition(quiet.kspace, quiet.mask, quiet.maps, quiet.noise_std * 10)
    with torch.no_grad():
        assert not torch.allclose(rim(quiet), rim(loud))
        untold = Acquisition(quiet.kspace, quiet.mask, quiet.maps)
        assert_close(rim(untold), rim(with_noise_level(untold)), 1e-6, "estimated where it is not told")
    silent = Acquisition(quiet.kspace, quiet.mask, quiet.maps, quiet.noise_std * 0).to(dtype=torch.float64)
    almost = Acquisition(silent.kspace, silent.mask, silent.maps, silent.noise_std + 1e-12)
    with torch.no_grad():
        assert torch.equal(rim.double()(silent), rim(almost)), "no noise is as good as next to none"


def test_impossible_sizes():
    for name in ("features", "channels", "iterations"):
        with pytest.raises(UserError, match=f"0 {name} are impossible"):
            RIM(**{**SMALL, name: 0})
    with pytest.raises(UserError, match="the data are complex; make it with channels=2"):
        RIM(**SMALL, channels=1)(film())


def test_overfits_one_sample():
    torch.manual_seed(0)
    y, x = torch.linspace(-1, 1, 16)[:, None], torch.linspace(-1, 1, 16)
    image = torch.polar((y.square() + x.square() < 0.6).float() + 0.1, y - x)
    problem, scale = Acquisition.simulate(image, torch.rand(16, 16) < 0.5).normalised()
    rim = RIM(features=16, iterations=4)
    optimiser = torch.optim.Adam(rim.parameters(), lr=5e-3)
    first = (problem.zero_filled - image / scale).abs().square().mean()
    for _ in range(300):
        loss = torch.stack([(e - image / scale).abs().square().mean() for e in rim.estimates(problem)]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.05 * first


def fields(count):
    """Problems of susceptibility whose fields are noise, in a cube."""
    field = torch.randn(count, 6, 7, 8, generator=torch.Generator().manual_seed(0))
    return Susceptibility.of(field, torch.ones_like(field, dtype=torch.bool))


def test_a_volume_is_one_problem():
    torch.manual_seed(0)
    rim = RIM(**SMALL, channels=1, dimensions=3)
    both = rim(fields(2))
    assert both.shape == (2, 6, 7, 8) and not both.is_complex()
    assert_close(rim(fields(2)[1]), both[1], 1e-5, "alone")
    both.square().sum().backward()
    assert all(float(value.grad.abs().max()) > 0 for value in rim.parameters())


def test_a_volume_learns():
    torch.manual_seed(0)
    rim, problem = RIM(**SMALL, channels=1, dimensions=3), fields(1).normalised()[0]
    target = torch.nn.functional.avg_pool3d(problem.zero_filled, 3, 1, 1)
    optimiser, errors = torch.optim.Adam(rim.parameters(), 0.01), []
    for _ in range(20):
        optimiser.zero_grad()
        error = sum((x - target).square().mean() for x in rim.estimates(problem))
        error.backward()
        optimiser.step()
        errors.append(float(error.detach()))
    assert errors[-1] < 0.5 * errors[0]


def test_a_damped_gradient_starts_from_the_ridge():
    """Where all weights are one, P A^H y is the map of a ridge whose lambda is damping times the largest D^2."""
    problem = fields(1)
    rim = RIM(**SMALL, channels=1, dimensions=3, damping=0.05, support_input=True)
    with torch.no_grad():
        rim.outwards.weight.zero_()
        rim.outwards.bias.zero_()
    dipole = problem.operator.dipole
    largest = float(dipole.kernel(problem.field).square().max())
    wanted = largest * ridge_division(problem.field[0], dipole, regularisation=0.05 * largest)
    torch.testing.assert_close(rim(problem)[0], wanted, rtol=1e-4, atol=1e-6)


def test_a_damped_network_does_not_see_the_largest_value():
    """One voxel that is wrong scales what an undamped network sees everywhere; a damped one is of one degree anyway."""
    torch.manual_seed(0)
    rim, problem = RIM(**SMALL, channels=1, dimensions=3, damping=0.05, support_input=True), fields(1)
    torch.testing.assert_close(rim(problem.scaled(torch.tensor(1e-4))), 1e-4 * rim(problem), rtol=1e-3, atol=1e-9)
    scales = []
    for factor in (1.0, 3.0):
        estimate = torch.stack([*rim.estimates(problem.scaled(torch.tensor(factor)))]) / factor
        scales.append(estimate)
    torch.testing.assert_close(*scales, rtol=1e-3, atol=1e-5)


def test_a_network_is_told_where_data_are():
    torch.manual_seed(0)
    rim = RIM(**SMALL, channels=1, dimensions=3, support_input=True)
    field = torch.randn(6, 7, 8, generator=torch.Generator().manual_seed(0))
    mask = field > -1
    (told,) = rim._told(Susceptibility.of(field, mask))
    assert torch.equal(told[0, 0] > 0, mask) and rim.inwards.weight.shape[1] == 3
    assert (RIM(**SMALL, support_input=True)._told(film())[0] == 1).all()
    with pytest.raises(UserError, match="damping"):
        RIM(**SMALL, damping=0.0)


def test_a_network_of_other_dimensions():
    assert RIM(**SMALL, channels=1)(fields(1)).shape == (1, 6, 7, 8)  # slice by slice, joined by the gradient
    with pytest.raises(UserError, match="dimensions=2"):
        RIM(**SMALL, dimensions=3)(film())
    for wrong in ({"dimensions": 4}, {"dimensions": 3, "noise_input": True}):
        with pytest.raises(UserError, match="impossible"):
            RIM(**SMALL, **wrong)
