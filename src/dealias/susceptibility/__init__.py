"""From the echoes of a gradient-echo scan to the field in the brain: plain functions, one stage a file.

Volumes are (z, y, x), echoes (echo, z, y, x); phases in radians, echo times in seconds, fields in parts per million of
B0. Phase grows with time where the field is stronger than B0.
"""
