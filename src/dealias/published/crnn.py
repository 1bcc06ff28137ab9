"""CRNN-MRI as its authors published it, in PyTorch's own format; no code of theirs is run.

| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019)
| https://github.com/js3611/Deep-MRI-Reconstruction
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dealias.configure import configure
from dealias.errors import UserError
from dealias.former_names import current
from dealias.method import Method
from dealias.methods.crnn import CRNN

# our names, and those of what adds up to each
CRNN_NAMES = {
    "over_time.input.weight": ["bcrnn.CRNN_model.i2h.weight"],
    "over_time.iteration.weight": ["bcrnn.CRNN_model.ih2ih.weight"],
    "over_time.time.weight": ["bcrnn.CRNN_model.h2h.weight"],
    "over_time.bias": [f"bcrnn.CRNN_model.{part}.bias" for part in ("i2h", "ih2ih", "h2h")],
    **{f"units.{k}.input.weight": [f"conv{k + 1}_x.weight"] for k in range(3)},
    **{f"units.{k}.input.bias": [f"conv{k + 1}_x.bias", f"conv{k + 1}_h.bias"] for k in range(3)},
    **{f"units.{k}.iteration.weight": [f"conv{k + 1}_h.weight"] for k in range(3)},
    "outwards.weight": ["conv4_x.weight"],
    "outwards.bias": ["conv4_x.bias"],
}


def method(path: Path, state: Any, arguments: dict[str, Any]) -> Method:
    """Return the method of what a file of the CRNN authors holds, five iterations unless `arguments` say otherwise.

    Their lines lie along the last axis, so that their films alias along the one before.

    Raises:
        UserError: for a file that holds anything else, or an argument that the file decides.
    """
    arguments = current(arguments)
    for name in ("features", "channels", "cell", "motion", "authors_conventions"):
        if name in arguments:
            raise UserError(f"{path}: published weights decide '{name}'; leave it out")
    complaint = f"{path}: not the weights of CRNN-MRI, nor of fastMRI's VarNet; give a .safetensors file of dealias"
    known = {name for names in CRNN_NAMES.values() for name in names}
    if not isinstance(state, dict) or state.keys() != known or not all(isinstance(v, Tensor) for v in state.values()):
        raise UserError(complaint)
    features = max(1, state["conv4_x.weight"].numel() // (2 * 9))
    made = configure(CRNN, {"features": features, "iterations": 5, "authors_conventions": True, **arguments})
    try:
        ours = {name: torch.stack([state[part] for part in names]).sum(0) for name, names in CRNN_NAMES.items()}
        # both directions of time share their bias
        ours["over_time.bias"] = ours["over_time.bias"].expand(2, -1)
        made.load_state_dict(ours)
    except RuntimeError:
        raise UserError(complaint) from None
    return made
