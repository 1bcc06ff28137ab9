"""Simulated bodies, free of noise; the first function of each file is the phantom of its name."""

from dealias.phantoms.head import head as head
from dealias.phantoms.heart import heart as heart
from dealias.phantoms.shepp_logan import shepp_logan as shepp_logan
from dealias.phantoms.shepp_logan import shepp_logan_kspace as shepp_logan_kspace
from dealias.phantoms.susceptibility import susceptibility as susceptibility
