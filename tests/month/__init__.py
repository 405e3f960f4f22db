"""A simulated month: real code, a clock set by hand, three replicas that are killed again and again.

``python -m tests.month`` prints it as a calendar. What each day should bring stands in ``script``.
"""
