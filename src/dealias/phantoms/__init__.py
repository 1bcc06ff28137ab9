"""Simulated bodies, noise-free; the first function of each file is the phantom of its name."""

from dealias.phantoms.head import head as head
