"""Readers come and go by themselves: ask, confirm, leave, undo, prefer, move, be forgotten."""
