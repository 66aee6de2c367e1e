"""The hall of the service window, for pages that show it beside the rest of the brigade."""

from tests.enforcement.hazards.conftest import world as roads
from tests.services.requests.conftest import world as hall

__all__ = ["hall", "roads"]
