"""The doctor: looks at everything that a send depends on, and says how to mend what is wrong.

Every check is one small file in ``checks`` and yields results. What could not be looked at is said as well:
*not checked* is not *fine*.
"""
