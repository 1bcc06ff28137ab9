"""Sampling masks, centred; the one function of each file is the pattern that `--mask` names."""

from dealias.sampling.cartesian import cartesian as cartesian
from dealias.sampling.gaussian import gaussian as gaussian
