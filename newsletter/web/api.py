"""Sign-up for other people's pages and programs: JSON, the same story and the same limits as the form.

A call without a proof of work is let in a few times an hour; with one, as often as the form. Browsers may
call from the sites that ``web.api_origins`` names.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from newsletter import language
from newsletter.config import Language
from newsletter.signup import requests
from newsletter.signup.requests import Wish
from newsletter.web.admission import Entry, Verdict
from newsletter.web.door import WRITE, Door
from newsletter.web.security import open_to_other_sites
from newsletter.web.visitor import visitor_of
from newsletter.web.wording import agreement
from subscribers import InvalidAddress, normalise


class SignUp(BaseModel):
    """Who would like to read the newsletter. A key that is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(max_length=320, examples=["reader@example.com"])
    language: Language | None = Field(default=None, description="Of the texts around the news.")
    agrees_abroad: bool = Field(
        default=False, description="Whether they agreed to the provider abroad, where this asks for it."
    )
    proof: str = Field(default="", max_length=4096, description="A solved challenge, in base64.")


class Asked(BaseModel):
    """The one answer, whoever it was: the rest happens in the mailbox."""

    status: Literal["check_your_mail"] = "check_your_mail"


class Problem(BaseModel):
    """What to change in the next call."""

    problem: Literal[
        "unknown_newsletter", "invalid_address", "agreement_needed", "proof_needed", "too_many", "invalid"
    ]


class Challenge(BaseModel):
    """A small sum for a browser: altcha's format, PBKDF2/SHA-256."""

    model_config = ConfigDict(extra="allow")

    parameters: dict[str, object]
    signature: str


class Api:
    """The public JSON API."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> APIRouter:
        """Return where the API is."""
        router = APIRouter(prefix="/api", tags=["sign-up"])
        router.add_api_route("/challenge", self.challenge, methods=["GET"], response_model=Challenge)
        router.add_api_route("/challenge", self.challenge, methods=["HEAD"], include_in_schema=False)
        router.add_api_route(
            "/{newsletter}/subscribe",
            self.subscribe,
            methods=WRITE,
            status_code=202,
            response_model=Asked,
            responses={
                code: {"model": Problem, "description": text}
                for code, text in (
                    (400, "The body is not JSON."),
                    (403, "Solve a challenge and call again with the proof."),
                    (404, "There is no such newsletter."),
                    (413, "The body is too long."),
                    (422, "A value is missing or wrong."),
                    (429, "Too many calls from one network. Try again in an hour."),
                )
            },
        )
        return router

    def challenge(self) -> JSONResponse:
        """Return a small sum to solve, good for ten minutes and for one call."""
        return JSONResponse(self.door.proofs.challenge(now=self.door.now()))

    @open_to_other_sites  # browsers ask first (CORS), because the body is JSON
    def subscribe(self, request: Request, newsletter: str, wanted: SignUp) -> JSONResponse:
        """Ask for a confirmation mail. The answer is the same whether or not the address is known."""
        settings = self.door.settings
        if newsletter not in settings.newsletters:
            return problem("unknown_newsletter", 404)
        try:
            address = normalise(wanted.address)
        except InvalidAddress:
            return problem("invalid_address", 422)
        if settings.web.abroad and not wanted.agrees_abroad:
            return problem("agreement_needed", 422)
        paper, visitor, now = settings.newsletters[newsletter], visitor_of(request), self.door.now()
        words = language.catalog(wanted.language or paper.language)
        evidence = visitor.evidence(
            f"API, for {visitor.origin}" if visitor.origin else "API",
            language=words.tag,
            wording=agreement(words, paper, settings.web) if settings.web.abroad else None,
            notice_version=settings.web.privacy_version,
        )
        with self.door.writing() as session:
            entry = Entry(network=visitor.network, age=None, proof=wanted.proof)
            verdict = self.door.admission.decide(session, entry, now=now)
            if verdict is Verdict.ADMITTED:
                requests.ask(session, newsletter, address, wish=Wish.SUBSCRIBE, evidence=evidence, now=now)
        if verdict is Verdict.ADMITTED:
            return JSONResponse(Asked().model_dump(), 202)
        return problem("too_many", 429) if verdict is Verdict.FULL else problem("proof_needed", 403)


def problem(
    name: Literal[
        "unknown_newsletter", "invalid_address", "agreement_needed", "proof_needed", "too_many", "invalid"
    ],
    status: int,
) -> JSONResponse:
    """Return an answer that says what was wrong."""
    return JSONResponse(Problem(problem=name).model_dump(), status)
