"""From images or measured scans to weights with their card."""

import sys
from typing import Any

from dealias.configure import options_of
from dealias.training.training import Training


@options_of(Training)
def run(output: str, **settings: Any) -> None:
    """Train a method on images or scans, and go on where a training in the same folder stopped.

    Arguments:
        output: the folder for checkpoints, curves (TensorBoard) and weights.safetensors
    """
    from dealias.training.session import train

    print(f"dealias: {train(output, Training(**settings))}: the best weights so far", file=sys.stderr)
