"""Digests: Markdown files read into stories."""
