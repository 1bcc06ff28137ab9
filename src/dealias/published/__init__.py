"""Weights that the authors of a paper published, one file per paper, read as ours; no code of theirs is run."""

from pathlib import Path
from typing import Any

import torch

from dealias.errors import UserError
from dealias.method import Method
from dealias.published import crnn, e2e_varnet


def load(path: Path, arguments: dict[str, Any]) -> Method:
    """Return the method of a file that PyTorch wrote, with these arguments where the file does not decide them.

    Raises:
        UserError: for a file that holds no weights known here, or an argument that it decides.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a .pt, .pth or .safetensors file") from None
    except Exception:  # whatever a file of any other kind makes PyTorch raise
        content = None
    state = e2e_varnet.theirs(content)
    if state is not None:
        return e2e_varnet.method(path, state, arguments)
    return crnn.method(path, content, arguments)
