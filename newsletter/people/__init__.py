"""People: who works on this installation, what each may do on which newsletter, and what they did.

Readers are not among them; they are ``subscribers``. Times are aware UTC; the caller owns the transaction.
"""
