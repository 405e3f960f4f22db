"""Amazon SES through SNS: the notification itself, or wrapped by SNS, as it comes with raw delivery off.

The confirmation that SNS asks for when a subscription is made is kept aside with its address, for a
person to open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.judging import Odd, Read, judged, parsed
from newsletter.feedback.shapes.parts import One, Whose, about, moment, read_all, text

NAME = "ses"


def read_post(body: bytes, *, received_at: datetime, whose: Whose) -> Read:
    """Return the events of a post."""
    read = read_all(body, partial(_told, received_at=received_at, whose=whose))
    if b"SubscriptionConfirmation" in body[:5_000]:
        try:
            url = text(parsed(body).get("SubscribeURL"))
        except (ValueError, AttributeError, RecursionError):
            url = ""
        return Read([], [Odd("open this address once to confirm the SNS subscription", url)])
    return read


def _told(one: Any, *, received_at: datetime, whose: Whose) -> Iterator[Event]:
    if "Message" in one:
        one = parsed(one["Message"])
    kind = text(one.get("notificationType") or one.get("eventType"))
    mail = one["mail"]
    headers = {text(each.get("name")).lower(): each.get("value") for each in mail.get("headers") or ()}

    def event(part: One, address: object) -> Event:
        return about(
            NAME,
            f"{kind}/{mail.get('messageId')}/{part.get('feedbackId') or part.get('timestamp')}/{address}",
            at=moment(part.get("timestamp") or mail.get("timestamp"), received_at),
            address=address,
            message_id=headers.get("message-id"),
            whose=whose,
        )

    match kind:
        case "Bounce":
            bounce = one["bounce"]
            for each in bounce["bouncedRecipients"]:
                words = text(each.get("diagnosticCode")) or text(each.get("status"))
                is_final = bounce.get("bounceType") == "Permanent"
                yield judged(event(bounce, each.get("emailAddress")), words, is_final=is_final)
        case "Complaint":
            for each in one["complaint"]["complainedRecipients"]:
                yield event(one["complaint"], each.get("emailAddress"))._replace(
                    kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT
                )
        case "Delivery":
            for address in one["delivery"]["recipients"]:
                yield event(one["delivery"], address)._replace(kind=Kind.DELIVERED)
        case "DeliveryDelay":
            for each in one["deliveryDelay"]["delayedRecipients"]:
                words = text(each.get("diagnosticCode")) or None
                yield event(one["deliveryDelay"], each.get("emailAddress"))._replace(
                    kind=Kind.DEFERRED, reply=words
                )
        case "Send":
            for address in mail.get("destination") or ():
                yield event(one.get("send") or {}, address)._replace(kind=Kind.ACCEPTED)
        case "Reject":
            for address in mail.get("destination") or ():
                reason = text(one.get("reject", {}).get("reason")) or "rejected"
                yield event({}, address)._replace(kind=Kind.DROPPED, reply=reason, alert=True)
        case _:
            yield event({}, None)._replace(reply=kind or None)
