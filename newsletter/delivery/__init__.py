"""Delivery: the ledger of every email we owe, and the hand-over that empties it."""
