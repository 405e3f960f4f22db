"""What is run: each scenario is one line of the table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Trouble(StrEnum):
    """What is done to the workers, or to what they stand on."""

    KILL = "kill"  # −9
    FREEZE = "freeze"  # SIGSTOP past the lease, then SIGCONT
    DEPLOY = "deploy"  # SIGTERM, and the next one is there at once
    ADD = "add"  # one worker more
    DATABASE = "database"  # the PostgreSQL server is killed and started again
    DISK = "disk"  # the disk is full for a while


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One edition that goes out while things die."""

    name: str
    database: Literal["sqlite", "postgres"]
    transport: Literal["smtp", "sendgrid", "file"]
    engine: Literal["threads", "procrastinate"] = "threads"
    workers: int = 1
    threads: int = 2
    readers: int = 4_000
    short_readers: int = 1_200
    batch_size: int = 100
    trouble: float = 0.06  # the share of copies, or of SendGrid's requests, with which the far side has any
    kills: int = 16  # of 200; the share of ``freezes`` among them is frozen
    short_kills: int = 0  # of 20; 0: not in the short form
    freezes: float = 0.0
    also: tuple[Trouble, ...] = ()  # beside the kills; in the short form each once
    is_plain: bool = False  # the workers are `newsletter worker`, with its own leases and pauses
    resends_doubt: bool = False  # a person does, at the end

    @property
    def streams(self) -> bool:
        """Whether its transport takes copies one by one."""
        return self.transport == "smtp"


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="sqlite-file",
        database="sqlite",
        transport="file",
        readers=20_000,
        short_readers=6_000,
        batch_size=1000,
        trouble=0,
        kills=20,
        short_kills=3,
        is_plain=True,
    ),
    Scenario(name="sqlite-smtp", database="sqlite", transport="smtp", kills=20, freezes=0.2),
    Scenario(
        name="sqlite-sendgrid", database="sqlite", transport="sendgrid", readers=12_000, kills=18, freezes=0.2
    ),
    Scenario(
        name="sqlite-smtp-resend",
        database="sqlite",
        transport="smtp",
        kills=10,
        short_kills=4,
        resends_doubt=True,
    ),
    Scenario(
        name="sqlite-disk-full",
        database="sqlite",
        transport="smtp",
        kills=8,
        short_kills=1,
        also=(Trouble.DISK, Trouble.DISK),
    ),
    Scenario(
        name="postgres-file-2",
        database="postgres",
        transport="file",
        workers=2,
        readers=20_000,
        trouble=0,
        kills=18,
        freezes=0.2,
    ),
    Scenario(name="postgres-smtp-1", database="postgres", transport="smtp", kills=16, freezes=0.3),
    Scenario(
        name="postgres-smtp-4",
        database="postgres",
        transport="smtp",
        workers=4,
        kills=24,
        short_kills=5,
        freezes=0.3,
        also=(Trouble.DEPLOY,),
    ),
    Scenario(
        name="postgres-smtp-2-database",
        database="postgres",
        transport="smtp",
        workers=2,
        kills=12,
        short_kills=2,
        also=(Trouble.DATABASE, Trouble.DATABASE),
    ),
    Scenario(
        name="postgres-sendgrid-3",
        database="postgres",
        transport="sendgrid",
        workers=3,
        readers=12_000,
        short_readers=3_000,
        kills=18,
        freezes=0.3,
        also=(Trouble.DEPLOY,),
    ),
    Scenario(
        name="procrastinate-smtp-4",
        database="postgres",
        transport="smtp",
        engine="procrastinate",
        workers=4,
        kills=18,
        freezes=0.2,
        also=(Trouble.DEPLOY,),
    ),
    Scenario(
        name="procrastinate-sendgrid-2",
        database="postgres",
        transport="sendgrid",
        engine="procrastinate",
        workers=2,
        readers=12_000,
        short_readers=3_000,
        kills=18,
        short_kills=5,
        freezes=0.2,
        also=(Trouble.DATABASE,),
    ),
    Scenario(
        name="procrastinate-200k",
        database="postgres",
        transport="sendgrid",
        engine="procrastinate",
        workers=4,
        readers=200_000,
        short_readers=200_000,
        batch_size=1000,
        trouble=0,
        kills=2,
        also=(Trouble.ADD,),
    ),
)
