"""A brigade with its administrators, and the hall of the service window, for pages that show it beside the rest."""

from tests.brigade.org.conftest import brigade, security_admin, squadron, system_admin
from tests.enforcement.hazards.conftest import world as roads
from tests.services.requests.conftest import world as hall

__all__ = ["brigade", "hall", "roads", "security_admin", "squadron", "system_admin"]
