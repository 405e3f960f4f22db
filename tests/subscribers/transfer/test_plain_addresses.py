"""The short way of normalising says what the long way says, of whatever is typed."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from subscribers.addresses import InvalidAddress, _normalise_any, normalise

NEARLY = st.text(alphabet="abzAZ019._+-@ \t\x1c\"'<>()xn。＠ａé", max_size=30)
LABEL = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True)
PLAIN = st.builds(
    "{}@{}".format,
    st.from_regex(r"[A-Za-z0-9_+.-]{1,70}", fullmatch=True),
    st.lists(LABEL, min_size=1, max_size=5).map(".".join),
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(NEARLY, PLAIN, st.emails(), st.text(max_size=40)))
@example("Ada@Example.COM")
@example(" ada@example.com\n")
@example("ada@xn--fsqu00a.xn--fiqs8s")
@example("ada@xn--.com")
@example("ada@example.test")
@example("ada@localhost.localdomain")
@example("ada@1.2.3.4")
@example("ada@-example.com")
@example("ada@ex--ample.com")
@example(f"{'a' * 65}@example.com")
@example(f"{'a' * 243}@example.com")
@example(f"{'a' * 242}@example.com")
@example(f"ada@{'a' * 64}.com")
@example("ada@example.com.")
@example(f"{'a' * 64}@example.com")
def test_the_short_way_is_the_long_way(typed: str) -> None:
    assert outcome(normalise, typed) == outcome(_normalise_any, typed)


def outcome(normal, typed):
    try:
        return normal(typed)
    except InvalidAddress as error:
        return str(error)
