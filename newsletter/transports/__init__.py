"""Transports: each hands copies over to one kind of outside world. They do not know each other."""
