"""Party organisations, their groups and offices, and who belongs to them, all dated.

This room is a package: what it offers stands here, by its part.
"""

from partybuilding.branches.models.members import Exemption, Membership, PartyMember, VotingExclusion
from partybuilding.branches.models.organisations import CommitteeSeat, PartyBranch, PartyGroup, Term
from partybuilding.branches.models.transfers import Transfer

__all__ = [
    "CommitteeSeat",
    "Exemption",
    "Membership",
    "PartyBranch",
    "PartyGroup",
    "PartyMember",
    "Term",
    "Transfer",
    "VotingExclusion",
]
