"""The public address from outside in: its certificate, and one-click unsubscribe as providers press it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, not_checked, ok, warn
from newsletter.errors import NewsletterError
from newsletter.fetching.errors import FetchRefused

NOBODY = "test"  # the token of test mails, which changes nothing
SOON = timedelta(days=14)
TIMEOUT_SECONDS = 10.0
ONE_CLICK = b"List-Unsubscribe=One-Click"


def look(patient: Patient) -> Iterator[Result]:
    """Look at both."""
    url = patient.app.settings.public_url
    if not url:
        tell = bad if patient.sends else warn
        yield tell(
            "public_url",
            "public_url",
            ("it is empty: readers could not leave", "没有设置：读者将无法退订"),
            ("set it to the https address of `newsletter run`", "请设为 newsletter run 的 https 地址"),
        )
        return
    if patient.is_offline:
        yield not_checked(
            "public_url", url, "nothing outside was asked (--offline)", "未联网检查（--offline）"
        )
        return
    parts = urlsplit(url)
    if parts.scheme == "https":
        yield _certificate(parts.hostname or "", parts.port or 443, patient.now)
    yield from _one_click(patient)


def _certificate(host: str, port: int, now: datetime) -> Result:
    try:
        with (
            socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as line,
            ssl.create_default_context().wrap_socket(line, server_hostname=host) as tls,
        ):
            until = str((tls.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as error:
        return bad(
            "certificate",
            host,
            (f"it is not good: {error.verify_message}", f"证书无效：{error.verify_message}"),
            ("get one (Caddy and certbot do by themselves)", "请申请证书（Caddy、certbot 会自动申请）"),
        )
    except OSError as error:
        return bad(
            "certificate",
            host,
            (f"{host}:{port} is not reached ({error})", f"连不上 {host}:{port}"),
            ("is the name right, and the port open?", "请检查域名解析和防火墙端口"),
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
    if ends - now < SOON:
        return warn(
            "certificate",
            host,
            (f"it ends on {ends:%Y-%m-%d}", f"证书 {ends:%Y-%m-%d} 到期"),
            ("does its renewal work?", "请检查自动续期"),
        )
    return ok("certificate", host, f"it is good until {ends:%Y-%m-%d}", f"证书有效期到 {ends:%Y-%m-%d}")


def _one_click(patient: Patient) -> Iterator[Result]:
    for slug in patient.app.settings.newsletters:
        url = patient.app.urls(slug).leave(NOBODY)
        try:
            answer = patient.app.fetcher.post(
                url, body=ONE_CLICK, headers={"content-type": "application/x-www-form-urlencoded"}
            )
        except FetchRefused as error:
            yield not_checked("one_click", slug, f"we may not ask there: {error}", "地址在内网，未检查")
            continue
        except NewsletterError as error:
            yield bad(
                "one_click",
                slug,
                (f"a mailbox provider could not press it: {error}", "邮箱服务商点不到一键退订"),
                (
                    "the public address must lead to `newsletter run`",
                    "public_url 必须能从外网访问到 newsletter run",
                ),
            )
            continue
        if answer.status == 200:
            yield ok("one_click", slug, "a POST without cookie or login is answered at once", "一键退订可用")
        else:
            yield bad(
                "one_click",
                slug,
                (f"it answers {answer.status} and not 200", f"返回 {answer.status}，应为 200"),
                (
                    "a proxy in between must pass POST on, without redirect or login",
                    "中间的代理必须直接放行 POST，不能跳转或要求登录",
                ),
            )
