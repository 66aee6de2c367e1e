"""Hazards on the road (隐患) and all that hangs on one; the categories, and who answers for a road.

This room is a package: what it offers stands here, by its part.
"""

from enforcement.hazards.models.evidence import HazardDocument, HazardPhoto, Recheck, Verification
from enforcement.hazards.models.records import Hazard, HazardQuerySet, past_limit
from enforcement.hazards.models.reference import Category, Defect, Owner
from enforcement.hazards.models.terms import ClockPause, Extension, OwnerTurn, SupervisionListing
