"""Editions: what goes out once, frozen."""
