"""From settings to the way out. Only the kind that was chosen is imported."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.clock import Clock
from newsletter.config import Settings, TransportKind

if TYPE_CHECKING:
    from newsletter.transports.base import Transport


def make_transport(settings: Settings, clock: Clock) -> Transport:
    """Return a new transport of the kind that the settings choose."""
    chosen = settings.transport
    match chosen.kind:
        case TransportKind.FILE:
            from newsletter.transports.file import FileTransport

            return FileTransport(chosen.file.folder, clock)
        case TransportKind.CONSOLE:
            from newsletter.transports.console import ConsoleTransport

            return ConsoleTransport()
        case TransportKind.MEMORY:
            from newsletter.transports.memory import MemoryTransport

            return MemoryTransport()
        case TransportKind.SMTP:
            from newsletter.transports import dkim
            from newsletter.transports.smtp import SmtpTransport
            from newsletter.transports.smtp_connection import Server

            return SmtpTransport(
                [
                    Server(
                        host=one.host,
                        port=one.port,
                        security=one.security,
                        username=one.username,
                        password=one.password.get_secret_value(),
                        connections=one.connections,
                        weight=one.weight,
                    )
                    for one in chosen.smtp.servers
                ],
                timeout=timedelta(seconds=chosen.smtp.timeout_seconds),
                messages_per_connection=chosen.smtp.messages_per_connection,
                fewer_in={
                    lane: pace.messages_per_connection
                    for lane, pace in settings.pacing.items()
                    if pace.messages_per_connection
                },
                dkim=[
                    dkim.load(one.key, domain=one.domain, selector=one.selector) for one in chosen.smtp.dkim
                ],
                clock=clock,
            )
        case TransportKind.SENDGRID:
            from newsletter.transports.sendgrid import SendGridTransport
            from newsletter.transports.sendgrid_accounts import Account

            main = chosen.sendgrid
            timeout = timedelta(seconds=main.timeout_seconds)
            return SendGridTransport(
                main.api_key.get_secret_value(),
                ip_pool=main.ip_pool,
                accounts=[
                    Account(
                        name=account.name,
                        api_key=(account.api_key.get_secret_value() or main.api_key.get_secret_value()),
                        subuser=account.subuser,
                        ip_pool=account.ip_pool,
                        lanes=account.lanes,
                        weight=account.weight,
                    )
                    for account in main.accounts
                ],
                host=main.host,
                timeout=timeout,
                # A last request may take all its time, and the lease must outlast it by as much.
                longest_call=max(settings.sending.lease - 2 * timeout, timedelta(0)),
                clock=clock,
                tracks_reading=settings.feedback.reading != "off",
            )
        case TransportKind.OWN:
            from newsletter import extending

            own = chosen.own
            return extending.made(extending.TRANSPORTS, own.name, own.options, setting="transport.own.name")
