"""Decisions, as plain functions of what is installed, what is remembered, what is known and what time it is.

No clock, no socket, no file, no randomness.  Read `tick.py` first, then `regime.py` and `mode.py`.
"""
