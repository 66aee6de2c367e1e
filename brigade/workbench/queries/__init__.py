"""Reads of the workbench: duties and what was worked on last, search, audit and readiness; boards; the screen.

This room is a package: what it offers stands here, by its part.
"""

from brigade.workbench.queries.boards import (
    Against,
    Board,
    Card,
    Course,
    Part,
    against,
    amount_of,
    board,
    cards_of,
    course,
    hand_out_address,
    home_unit,
)
from brigade.workbench.queries.desk import (
    ALTERED,
    AUDIT_CHECK,
    Check,
    Todo,
    found_altered,
    last_audit_check,
    message_target_url,
    page_url,
    readiness,
    recent,
    search,
    shut_to,
    todo,
    todo_groups,
    vacancies,
    waiting_for,
    warnings,
)
from brigade.workbench.queries.screens import PAGES, Screen, screen
from brigade.workbench.queries.towns import TownCell, in_towns
