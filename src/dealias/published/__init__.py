"""Weights that the authors of a paper published, one file per paper, read as ours; no code of theirs is run."""

from dealias.published.crnn import load as load
