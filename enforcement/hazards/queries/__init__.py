"""Reads over hazards: posts and what is usual, what lies near, the map, documents and pages, and what
of a hazard a reader sees.

This room is a package: what it offers stands here, by its part.
"""

from enforcement.hazards.queries.duplicates import Near, Neighbourhood, near, near_hazard, near_place
from enforcement.hazards.queries.maps import ACROSS, ALONE, SOON, by_town, ground, on_map, tone_of
from enforcement.hazards.queries.papers import (
    Reused,
    day_text,
    facts,
    history,
    overdue,
    paused_days,
    reused_photos,
    verification_facts,
)
from enforcement.hazards.queries.posts import (
    brigade_of,
    graders_of,
    liaisons_of,
    owners,
    seats,
    signers_of,
    squadrons,
    town_at,
    usual_days,
    usual_due_on,
    usual_owner,
    usual_town,
    verifiers_of,
)
from enforcement.hazards.queries.sights import Sight, is_owners, sight_of
