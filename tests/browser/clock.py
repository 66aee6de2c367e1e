"""The clock of the portal that the journeys walk through: whenever they run, it is the afternoon of a working day.

Imported first by each of its processes; CLOCK_AHEAD says by how many seconds it differs from the machine's.
"""

import os
from datetime import UTC, datetime, timedelta

import time_machine

time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(os.environ["CLOCK_AHEAD"])), tick=True).start()
