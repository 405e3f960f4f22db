"""Two texts of one day side by side: revisions and the source, and what went out before."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response

from newsletter.desk.comparing import compare
from newsletter.errors import DigestError
from newsletter.morning.revised import text_of
from newsletter.people.rights import Right
from newsletter.web.desk.table import Open, Table
from newsletter.web.staff import Someone, StaffRoute

SOURCE = "source"


class Comparing:
    """The page of a comparison."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        path = "/staff/{newsletter}/editions/{key}/compare"
        return [StaffRoute(method="GET", path=path, right=Right.VIEW, handler=self.page)]

    def page(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show two texts; without names, the source beside what stands in its place."""
        opened = self.table.open(someone, newsletter, key)
        names = self._names(opened)
        left = request.query_params.get("left") or names[0]
        right = request.query_params.get("right") or names[-1]
        texts = {name: self._text(opened, name) for name in {left, right}}
        if any(text is None for text in texts.values()):
            raise HTTPException(404)
        return self.table.staff.show(
            request,
            "desk/compare",
            someone,
            slug=newsletter,
            opened=opened,
            key=str(opened.key),
            names=names,
            left=left,
            right=right,
            authors={str(one.number): one for one in opened.text.history},
            comparison=compare(texts[left] or "", texts[right] or ""),
        )

    def _names(self, opened: Open) -> list[str]:
        revised = [str(one.number) for one in reversed(opened.text.history) if one.is_text]
        return [SOURCE, *revised]

    def _text(self, opened: Open, name: str) -> str | None:
        if name == SOURCE:
            if opened.text.source is not None:
                return opened.text.source.digest.source
            return (opened.edition.digest_source or "") if opened.has_begun and opened.edition else ""
        revision = next((one for one in opened.text.history if str(one.number) == name), None)
        if revision is None or revision.text is None:
            return None
        try:
            return text_of(revision, opened.newsletter)[0]
        except DigestError:  # of an older release: it is shown as it was written
            return revision.text
