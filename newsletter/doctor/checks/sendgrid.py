"""SendGrid: the key, what it may do, the sender, and whether its reports reach us."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Health, Result, Words, bad, not_checked, ok, warn
from newsletter.errors import NewsletterError
from newsletter.mailing import Sender

CHECK = "sendgrid"
_HEALTH = {
    "fine": Health.OK,
    "advice": Health.WARN,
    "wrong": Health.FAIL,
    "not_checked": Health.NOT_CHECKED,
}
_ZH = {
    ("scopes", "fine"): "密钥只能发信，权限正好",
    ("scopes", "advice"): "密钥的权限比需要的多，建议换一个只能发信的",
    ("scopes", "wrong"): "密钥无效，或没有发信权限",
    ("sending", "fine"): "SendGrid 接受我们的邮件（沙盒模式，没有真的发出）",
    ("sending", "wrong"): "SendGrid 拒绝我们的邮件：发件人可能未验证",
}


def look(patient: Patient) -> Iterator[Result]:
    """Ask it, in its sandbox."""
    if not patient.by_sendgrid or patient.is_offline:
        yield not_checked(
            CHECK, "", "transport.kind is another, or --offline", "没有使用 SendGrid，或使用了 --offline"
        )
        return
    from newsletter.transports.sendgrid import SendGridTransport

    for slug, newsletter in patient.app.settings.newsletters.items():
        try:
            transport = patient.app.transport
        except NewsletterError as error:
            yield bad(
                CHECK,
                slug,
                (str(error), "SendGrid 设置不完整"),
                ("mend [transport.sendgrid]", "请补全 [transport.sendgrid]"),
            )
            return
        if not isinstance(transport, SendGridTransport):
            return
        sender = Sender(newsletter.sender_name, newsletter.sender.address)
        for found in transport.check_access(sender):
            said = _ZH.get((found.what, found.access.value), "SendGrid 没有给出明确的回答")
            health = _HEALTH[found.access.value]
            remedy = Words(en=found.words, zh=f"{said}（{found.words}）") if health is Health.FAIL else None
            yield Result(
                check=f"{CHECK}_{found.what}",
                about=found.setting,
                health=health,
                says=Words(en=found.words, zh=said),
                remedy=remedy,
            )
    yield _reports(patient)


def _reports(patient: Patient) -> Result:
    if patient.app.settings.feedback.sendgrid_keys:
        return ok(
            "sendgrid_webhook", "feedback.sendgrid_keys", "its reports are believed", "已设置回报的验证公钥"
        )
    return warn(
        "sendgrid_webhook",
        "feedback.sendgrid_keys",
        ("bounces and complaints do not come in", "收不到退信和投诉的回报"),
        (
            "set up the Event Webhook to /webhooks/sendgrid, signed, and put its key there; docs/feedback.md",
            "在 SendGrid 打开 Event Webhook（指向 /webhooks/sendgrid，启用签名），"
            "把公钥填在这里，见 docs/feedback.md",
        ),
    )
