"""Sampling masks, centred; the one function of each file is the pattern that `--mask` names."""

from dealias.sampling.cartesian import cartesian as cartesian
from dealias.sampling.gaussian import gaussian as gaussian
from dealias.sampling.kt import kt as kt
from dealias.sampling.poisson import poisson as poisson
