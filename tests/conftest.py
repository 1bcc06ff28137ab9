"""The shapes in signatures are checked in every test; torch runs on one thread, so that results repeat."""

from pathlib import Path

import pytest
from jaxtyping import config, install_import_hook

hook = install_import_hook("dealias", "typecheck.check")

import torch  # noqa: E402

torch.set_num_threads(1)

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def seeded():
    """What a test draws without a generator of its own is the same in every run."""
    torch.manual_seed(0)


@pytest.fixture
def untyped():
    """A user's run: shapes and types in signatures are not checked, so that ours must speak."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def shared():
    """The folder of real data, which a user's machine lacks."""
    if not SHARED.is_dir():
        pytest.skip("no real data here")
    return SHARED
