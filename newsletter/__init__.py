"""Turns a daily digest into an email in every reader's mailbox."""

__version__ = "0.1.0"
