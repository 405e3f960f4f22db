"""Chaos: real workers are killed, frozen and starved while they send, and then everybody is counted.

``python -m tests.chaos`` (``make chaos``) runs every scenario; ``--short`` the few that CI can afford,
``--only NAME`` one of them. What dies, when, and what the far side does wrong follows from ``--seed``.

==========  ===============================================================
scenarios   what is run: which database, transport, engine and which troubles
run         one scenario from an empty database to its verdict
fleet       the worker processes, and what is done to them
worker      what such a process runs: the product's own loops, with short leases
places      the databases: a file, a small disk, a server that may be killed
far_sides   who got what: kept outside the processes that are killed
verdict     the counting: nobody twice, nobody lost, doubt within its bound, books balanced
==========  ===============================================================
"""
