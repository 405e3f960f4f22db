"""What other providers post, in our words: one small pure module for each shape, all read by ``READERS``.

For those who send by SMTP. Where a provider gives our Message-ID back, an event finds its copy by it
(``Whose``: only one that we made is believed); where it does not, a bounce or a complaint still reaches
the address.
"""

from newsletter.feedback.shapes import aliyun, mailgun, ours, postmark, ses

READERS = {
    "events": ours.read_post,
    "ses": ses.read_post,
    "postmark": postmark.read_post,
    "mailgun": mailgun.read_post,
    "aliyun": aliyun.read_post,
}

__all__ = ["READERS"]
