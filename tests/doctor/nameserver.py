"""A name server of our own: answers from a table, says NXDOMAIN for the rest, or nothing at all."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset

Zone = dict[tuple[str, str], list[str]]  # (name, kind): records as a zone file has them


class NameServer:
    """Answers on a port of this machine while it is entered."""

    def __init__(self, zone: Zone, *, is_silent: bool = False) -> None:
        self.zone = zone
        self._is_silent = is_silent
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._line.getsockname()[1]}"

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.sendto(b"", self._line.getsockname())  # an empty question ends it
        self._thread.join()
        self._line.close()

    def _serve(self) -> None:
        while True:
            content, client = self._line.recvfrom(4096)
            if not content:
                return
            if not self._is_silent:
                self._line.sendto(self._answer(dns.message.from_wire(content)).to_wire(), client)

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), asked.rdtype.name
        found = self.zone.get((name, kind))
        if found:
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
