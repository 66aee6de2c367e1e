"""Units, people, what they are allowed to do and since when; the abstract record that every domain extends.

This room is a package: what it offers stands here, by its part.
"""

from brigade.org.models.changes import Departure, Secondment, Station, UnitChange
from brigade.org.models.dates import Dated
from brigade.org.models.people import PasswordHistory, Person, SignInTry
from brigade.org.models.posts import Beat, DutyTurn, Grant, GrantQuerySet, Posting
from brigade.org.models.records import Record, RecordQuerySet
from brigade.org.models.units import Unit, UnitPlacement
from brigade.org.models.versions import Versioned
