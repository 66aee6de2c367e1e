"""Where the work in hand comes from: request, address and terminal, for audit and log lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """Origin of a change; a job has its own request id and no address."""

    request_id: str = ""
    ip: str = ""
    terminal: str = ""


NOWHERE = Context()
_current: ContextVar[Context] = ContextVar("context", default=NOWHERE)


def current() -> Context:
    return _current.get()


@contextmanager
def using(context: Context) -> Iterator[Context]:
    """Everything inside the block is done from `context`."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
