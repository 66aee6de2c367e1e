"""What sheets bring in: the Party organisations, and their members. A package, for its two sheets are long."""

from partybuilding.branches.imports.members import MEMBERS
from partybuilding.branches.imports.organisations import ORGANISATIONS

IMPORTS = [ORGANISATIONS, MEMBERS]
