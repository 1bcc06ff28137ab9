"""Coil sensitivities and coils; the one public function of each file has its name."""

from dealias.coils.combine import combine as combine
from dealias.coils.compress import compress as compress
from dealias.coils.espirit import espirit as espirit
from dealias.coils.simulate import simulate as simulate
from dealias.coils.walsh import walsh as walsh
from dealias.coils.whiten import whiten as whiten
