"""The editors' desk: the next edition before it goes out, as the morning will see it and readers will get it.

It stands above the morning, whose own functions read, prove and decide, so that what an editor is shown is
what will happen. Here are only looking, writing revisions and test mails; nothing here sends an edition.
"""
