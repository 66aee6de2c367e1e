"""The same thing done by several at one moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def in_threads(number: int, function: Callable[[], Any]) -> list[Any]:
    """What `function` gives in each of so many threads that begin together, each with a connection of its own."""
    together = Barrier(number)

    def one(_thread: int) -> Any:
        together.wait()
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))
