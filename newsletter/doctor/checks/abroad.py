"""Sending abroad: this year's count beside the thresholds of China's rules on data leaving the country.

Information, not advice: the rules have exceptions, and only a lawyer knows which apply.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, not_checked, ok, warn
from subscribers import Subscriber

CHECK = "abroad"
# 《促进和规范数据跨境流动规定》, in force since 2024-03-22. People since 1 January of the year, and nothing
# sensitive about them: below 100,000 none, up to 1,000,000 a contract or certification, more an assessment.
CONTRACT, ASSESSMENT = 100_000, 1_000_000


def look(patient: Patient) -> Iterator[Result]:
    """Count people whose address the provider abroad may have had this year."""
    is_abroad = patient.by_sendgrid or bool(patient.app.settings.web.abroad)
    if not is_abroad:
        yield not_checked(
            CHECK,
            "",
            "addresses do not leave the country by what the settings say",
            "按现有设置，地址没有出境",
        )
        return
    year = datetime(patient.now.year, 1, 1, tzinfo=UTC)
    try:
        with patient.app.database.readers() as session:
            count = (
                session.scalar(
                    select(func.count()).where(
                        (Subscriber.erased_at.is_(None)) | (Subscriber.erased_at >= year)
                    )
                )
                or 0
            )
    except SQLAlchemyError:
        yield not_checked(CHECK, "", "the database does not tell", "数据库没有应答")
        return
    if count < CONTRACT * 0.8:
        yield ok(
            CHECK,
            "",
            f"{count:,} people this year; from 100,000 on there are rules",
            f"今年 {count:,} 人；满 10 万人起有合规要求",
        )
        return
    step = ("a security assessment (over 1,000,000)", "数据出境安全评估（超过 100 万人）")
    if count < ASSESSMENT:
        step = (
            "a standard contract or a certification (100,000 to 1,000,000)",
            "标准合同备案或个人信息保护认证（10 万至 100 万人）",
        )
    yield warn(
        CHECK,
        "",
        (f"{count:,} people this year", f"今年已有 {count:,} 人"),
        (
            f"the rules may ask for {step[0]}; this is information, not advice",
            f"可能需要{step[1]}；这是信息提示，不是法律意见",
        ),
    )
