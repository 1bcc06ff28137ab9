"""Coil sensitivities; the one public function of each file has its name."""

from dealias.coils.espirit import espirit as espirit
from dealias.coils.simulate import simulate as simulate
