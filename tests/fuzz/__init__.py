"""Hostile files for every reader. ``python -m tests.fuzz --inputs 200000 --seed 1`` is the long run; see docs/reliability.md."""
