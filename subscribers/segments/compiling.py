"""From the tree of a segment to SQL over ``subscriber`` and ``subscription``. Every value is bound.

Addresses and domains are compared as we keep them: lower case, A-labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, null, or_, true

from subscribers.addresses import InvalidAddress, normalise
from subscribers.segments.dialects import AttributeText, Bytewise, HasTag
from subscribers.segments.tree import All, Comparison, Either, Field, Node, Not, Operator
from subscribers.states import Status
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import Suppression

Sql = ColumnElement[bool]
_NEGATIVE = {Operator.IS_NOT: Operator.IS, Operator.NOT_IN: Operator.IN}
_HIGHEST = "\U0010ffff"


def condition(node: Node, *, zone: tzinfo, today: date) -> Sql:
    """Return what is true of the people meant, in a query that joins ``subscriber`` and ``subscription``.

    ``zone`` says where a day begins; ``today`` who is paused.
    """
    if isinstance(node, Not):
        # What is not known is not so: NULL must not swallow the person.
        return not_(func.coalesce(condition(node.part, zone=zone, today=today), false()))
    if isinstance(node, All):
        return and_(true(), *(condition(part, zone=zone, today=today) for part in node.parts))
    if isinstance(node, Either):
        return or_(false(), *(condition(part, zone=zone, today=today) for part in node.parts))
    if node.operator in _NEGATIVE:
        positive = Comparison(
            field=node.field, name=node.name, operator=_NEGATIVE[node.operator], values=node.values
        )
        return not_(func.coalesce(_compare(positive, zone, today), false()))
    return _compare(node, zone, today)


def _compare(node: Comparison, zone: tzinfo, today: date) -> Sql:
    if node.field in _DAYS:
        return _by_day(_DAYS[node.field], node.operator, node.values[0], zone)
    if node.field is Field.PAUSED:
        paused = Subscription.paused_until > today
        return paused if node.values[0] else not_(func.coalesce(paused, false()))
    if node.field is Field.SUPPRESSED:
        return suppressed() if node.values[0] else not_(suppressed())
    if node.field is Field.ID:
        return _by_number(node)
    return _BY_TEXT[node.field](node)


_DAYS: Mapping[Field, Any] = {
    Field.JOINED: Subscription.created_at,
    Field.CONFIRMED: Subscription.confirmed_at,
    Field.LEFT: Subscription.left_at,
}


def _by_day(column: Any, operator: Operator, day: Any, zone: tzinfo) -> Sql:
    """Compare a moment with a whole local day."""
    begins = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    if operator is Operator.IS:
        return and_(column >= begins, column < ends)
    if operator is Operator.LESS:
        return column < begins
    if operator is Operator.AT_MOST:
        return column < ends
    return column >= ends if operator is Operator.MORE else column >= begins


def _by_number(node: Comparison) -> Sql:
    # The list's own column, by whose key a list is walked.
    column, value = Subscription.subscriber_id, node.values[0]
    if node.operator in (Operator.IS, Operator.IN):
        return column.in_(node.values)
    by_order = {
        Operator.LESS: column < value,
        Operator.AT_MOST: column <= value,
        Operator.MORE: column > value,
        Operator.AT_LEAST: column >= value,
    }
    return by_order[node.operator]


def _by_status(node: Comparison) -> Sql:
    return Subscription.status.in_([Status(str(value)) for value in node.values])


def _by_cadence(node: Comparison) -> Sql:
    return Subscription.cadence.in_([Cadence(str(value)) for value in node.values])


def _by_language(node: Comparison) -> Sql:
    named = [str(value) for value in node.values if value != "default"]
    found = Subscriber.language.in_(named)
    return or_(found, Subscriber.language.is_(null())) if len(named) < len(node.values) else found


def _by_domain(node: Comparison) -> Sql:
    return Subscriber.domain.in_([as_domain(str(value)) for value in node.values])


def as_domain(typed: str) -> str:
    """Return a domain as we keep it."""
    try:
        return normalise(f"a@{typed.removeprefix('@')}").domain
    except InvalidAddress:
        return typed.removeprefix("@").casefold()


def _by_address(node: Comparison) -> Sql:
    if node.operator is Operator.STARTS:
        # A range, so that the key of addresses is used, whatever the database sorts by.
        start = str(node.values[0]).casefold()
        binary = Bytewise(Subscriber.address)
        return and_(binary >= start, binary < start + _HIGHEST)
    if node.operator is Operator.CONTAINS:
        return Subscriber.address.contains(str(node.values[0]).casefold(), autoescape=True)
    return Subscriber.address.in_([as_address(str(value)) for value in node.values])


def as_address(typed: str) -> str:
    """Return an address as we keep it."""
    try:
        return normalise(typed).value
    except InvalidAddress:
        return typed.casefold()


def _by_tag(node: Comparison) -> Sql:
    return or_(*(HasTag(Subscription.tags, str(value)) for value in node.values))


def _by_attribute(node: Comparison) -> Sql:
    return AttributeText(Subscriber.attributes, node.name).in_([str(value) for value in node.values])


_BY_TEXT: Mapping[Field, Callable[[Comparison], Sql]] = {
    Field.STATUS: _by_status,
    Field.CADENCE: _by_cadence,
    Field.LANGUAGE: _by_language,
    Field.DOMAIN: _by_domain,
    Field.ADDRESS: _by_address,
    Field.TAG: _by_tag,
    Field.ATTRIBUTE: _by_attribute,
}


def suppressed() -> Sql:
    """Return whether the person, or their whole domain, is never mailed."""
    return or_(
        exists().where(Suppression.address_hash == Subscriber.address_hash),
        exists().where(Suppression.domain == Subscriber.domain),
    )
