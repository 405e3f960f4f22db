"""Backups: the database and the keys in one sealed file that says what is in it.

A backup without the keys is dead: every unsubscribe link in a mailbox and every suppression depends on
them. So they go with it, and the whole of it is sealed with a passphrase that is kept elsewhere.

See docs/decisions/0015-backup.md.
"""
