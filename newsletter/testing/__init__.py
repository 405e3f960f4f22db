"""Small working stand-ins for the outside world, for tests, rehearsals and demonstrations.

They listen on 127.0.0.1 only, need no account and reach nobody.
"""
