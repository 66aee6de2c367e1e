"""What sheets bring in: units, people and their roles; and how a cell names a unit or a person, for other slices."""

from brigade.org.imports.names import APART, People, Units
from brigade.org.imports.people import PEOPLE
from brigade.org.imports.roles import ROLES
from brigade.org.imports.units import UNITS

__all__ = ["APART", "IMPORTS", "People", "Units"]

IMPORTS = [UNITS, PEOPLE, ROLES]
