"""What comes back after the hand-over: one vocabulary for all providers, and what it does to a reader.

A web request only writes a post down (``inbox``). The applier reads posts by key, turns them into
``events`` by a pure table (``sendgrid``, ``shapes``) and lets them take effect (``apply``). Nothing
arrives in order and everything may arrive twice.
"""
