"""SMTP: every server is reached, its certificate is good, and it lets us log in. Nothing is sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta

from newsletter.config import SmtpServer
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, not_checked, ok
from newsletter.transports.base import Misconfigured, TransportError
from newsletter.transports.smtp_connection import Server, connect

CHECK = "smtp"
TIMEOUT = timedelta(seconds=15)


def look(patient: Patient) -> Iterator[Result]:
    """Log in to each."""
    if not patient.by_smtp:
        yield not_checked(CHECK, "", "transport.kind is another", "没有使用 SMTP")
        return
    for one in patient.app.settings.transport.smtp.servers:
        if patient.is_offline:
            yield not_checked(CHECK, one.host, "--offline", "使用了 --offline")
        else:
            yield _server(one)


def _server(one: SmtpServer) -> Result:
    about = f"{one.host}:{one.port}"
    try:
        server = Server(
            host=one.host,
            port=one.port,
            security=one.security,
            username=one.username,
            password=one.password.get_secret_value(),
        )
        connection = connect(
            server, hello=socket.getfqdn(), timeout=TIMEOUT, context=ssl.create_default_context()
        )
        with contextlib.suppress(OSError):
            connection.quit()
    except Misconfigured as error:
        return bad(
            CHECK,
            about,
            (str(error), "用户名、密码、端口或加密方式不对"),
            ("mend [transport.smtp]", "请改正 [transport.smtp]"),
        )
    except TransportError as error:
        return bad(
            CHECK,
            about,
            (f"it is not reached: {error}", "连不上服务器"),
            (
                'many clouds shut port 25 and 587: use 465 with security = "tls"',
                '很多云主机封了 25 和 587 端口：改用 465，并设 security = "tls"',
            ),
        )
    words = "it lets us log in" if one.username else "it is reached; no login is set"
    return ok(CHECK, about, words, "可以登录" if one.username else "可以连上（未设登录）")
