"""The hall of the requests and its people."""

from tests.services.requests.conftest import world

__all__ = ["world"]
