"""Labelled digests: what the gate must hold and what it must let through.

``tuning/`` is for whoever writes the checks; ``held_out/`` is read only by the bench and one test.
Labels were written before the checks. All news in here is invented.
"""
