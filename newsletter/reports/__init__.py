"""What an admin asks and has done, without the web: lists, a timeline, an edition's copies, and jobs.

Plain values come back, in the order a page shows them. Nothing here changes a person; what does is in
``newsletter.verbs``.
"""
