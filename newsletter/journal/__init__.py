"""The journal: what must not be forgotten even when the database is, in a file elsewhere.

Leaves, erasures, suppressions and editions begun are appended, chained and synced **before** the
transaction that does them commits. So whoever was told that they have left is in the journal; what is in
the journal and never was committed is something a person asked for all the same. After a restore it is
replayed before the fence opens: nobody who left is mailed, and no edition begins twice.

See docs/decisions/0014-journal.md.
"""
