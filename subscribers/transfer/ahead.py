"""Working ahead: a thread makes the next values while the caller is busy with the last ones.

A database lets go of the interpreter while it works, so a file is read meanwhile. How many values there
are at once is bounded, whatever the caller does.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from queue import SimpleQueue
from typing import Generic, NamedTuple, Self, TypeVar

Value = TypeVar("Value")

ROOM = 1  # values that wait for the caller, or are being made


class _Made(NamedTuple, Generic[Value]):
    value: Value


class Ahead(Generic[Value]):
    """The values of ``source``, which runs in a thread of its own from the first one asked for.

    What it raises is raised where its next value would have been. When this closes, the thread has ended.
    """

    def __init__(self, source: Generator[Value]) -> None:
        self._source = source
        self._ready: SimpleQueue[_Made[Value] | BaseException | None] = SimpleQueue()
        self._room = threading.Semaphore(ROOM)
        self._stopped = False
        # A daemon, so that nothing can keep the process alive.
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped = True
        self._room.release()
        if self._thread.ident:
            self._thread.join()

    def __iter__(self) -> Iterator[Value]:
        self._thread.start()
        while made := self._ready.get():
            if isinstance(made, BaseException):
                raise made
            self._room.release()
            yield made.value

    def _work(self) -> None:
        end: BaseException | None = None
        try:
            with closing(self._source) as source:
                while self._room.acquire() and not self._stopped:
                    self._ready.put(_Made(next(source)))
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the caller is
            end = error
        finally:
            self._ready.put(end)
