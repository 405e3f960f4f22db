"""One edition on the desk: the text with what is said of its lines, beside the email as it will arrive."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request, Response

from newsletter.config import LANGUAGES
from newsletter.desk import trial
from newsletter.desk.going import going_of
from newsletter.editions.approval import WAITS
from newsletter.editions.decision import Decision, What, decisions
from newsletter.editions.states import State
from newsletter.morning import deciding
from newsletter.people.rights import Right
from newsletter.web.desk.table import Open, Table
from newsletter.web.desk.view import Part, View, Width
from newsletter.web.desk.wording import in_words, kind_of_state, left, lines_of
from newsletter.web.staff import Someone, StaffRoute


class EditionPage:
    """The page of one edition."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.staff = table.staff
        self.door = table.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        path = "/staff/{newsletter}/editions/{key}"
        return [StaffRoute(method="GET", path=path, right=Right.VIEW, handler=self.page)]

    def page(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show an edition as it lies there, or as somebody is writing it."""
        opened = self.table.open(someone, newsletter, key)
        may_edit = someone.may(Right.EDIT, newsletter) and opened.text.is_editable
        editing = may_edit and request.query_params.get("edit") == "yes"
        return self.show(request, someone, newsletter, opened, editing=editing)

    def show(
        self,
        request: Request,
        someone: Someone,
        slug: str,
        opened: Open,
        *,
        editing: bool,
        sequence: int = 0,
    ) -> Response:
        """Answer with the page; only what changes while somebody types where htmx asks for that."""
        view = View.of(request)
        text = text_to_look_at(opened, typed=editing)
        shown = self.table.look(opened, text, self.table.persona(someone, opened.newsletter, view))
        words = self.staff.words(request, someone)
        with self.door.reading() as session:
            remembered = trial.remembered(session, slug) if someone.may(Right.TEST_SEND, slug) else []
            going = (
                going_of(session, opened.edition, now=self.door.now())
                if opened.edition and opened.has_begun
                else None
            )
            decided = decisions(session, slug, opened.key.day) if opened.text.is_editable else ()
        timetable = opened.desk.morning.timetable
        moments = timetable.moments(opened.key.day)
        return self.staff.show(
            request,
            "desk/edition",
            someone,
            slug=slug,
            opened=opened,
            key=str(opened.key),
            edition=opened.edition,
            text=text,
            lines=lines_of(text, shown, words),
            shown=shown,
            findings=[in_words(finding, words.tag) for finding in shown.findings],
            view=view,
            parts_of=tuple(Part),
            widths=tuple(Width),
            readers=LANGUAGES,
            editing=editing,
            sequence=sequence or (opened.text.draft.sequence if editing and opened.text.draft else 0),
            stories=opened.desk.texts.stories(opened.text) if opened.text.is_editable else (),
            moments=moments,
            left=left(words, moments.send_at - self.door.now()),
            goes=timetable.decide(opened.key.day),
            state_kind=kind_of_state(opened.edition.state if opened.edition else None),
            State=State,
            day_words=f"{words.long_date(opened.key.day)} {words.weekday(opened.key.day)}",
            remembered=remembered,
            going=going,
            decided=decided,
            undoable=self._undoable(request, someone, slug, decided) if opened.text.is_editable else "",
            needs_reason=_holds(opened),
            seen=opened.desk.texts.hash_of(opened.text) if opened.text.is_editable else "",
        )

    def _undoable(self, request: Request, someone: Someone, slug: str, decided: Sequence[Decision]) -> str:
        """Say what can be taken back; empty: nothing."""
        made = [one for one in decided if one.what in deciding.UNDOABLE]
        last = made[-1] if made else None
        if last is None or last.what is What.UNDONE:
            return ""
        words = self.staff.words(request, someone)
        zone = self.door.newsletter(slug).schedule.tz
        at = f"{last.begin_at.astimezone(zone):%H:%M:%S}" if last.begin_at else ""
        return words.say(f"desk.undoable.{last.what}", who=last.by, at=at)


def _holds(opened: Open) -> int:
    """Count what the gate itself holds an edition for: against that, a reason is asked for."""
    findings = opened.edition.findings if opened.edition else []
    return sum(each["severity"] == "hold" and each["check"] not in WAITS for each in findings)


def text_to_look_at(opened: Open, *, typed: bool) -> str:
    """Return the text that is shown: what somebody is typing, or what goes out as things stand."""
    if typed and opened.text.is_editable:
        return opened.text.draft.text if opened.text.draft else opened.text.text
    return opened.desk.texts.going_out(opened.text)
