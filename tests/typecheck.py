"""The checker of shapes and types in tests; an integer is a float to it, as to every other tool."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
