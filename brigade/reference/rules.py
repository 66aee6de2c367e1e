"""Who may change reference data; which years the package of holidays knows."""

from datetime import date

GRANTS = {
    "reference.change_workcalendarday": ("business_admin",),
    "reference.change_parameter": ("business_admin",),
    "reference.view_road": (
        "officer",
        "auxiliary",
        "clerk",
        "squadron_leader",
        "deputy_leader",
        "brigade_leader",
        "political_officer",
        "inspector",
        "road_safety_office",
        "business_admin",
    ),
    "reference.change_road": ("clerk", "business_admin"),
}

ROAD_LETTERS = {"G": "national", "S": "provincial", "X": "county", "Y": "township", "C": "village"}
"""What the letter of a road's number says; streets have none."""

ALARM_MONTH = 12
"""The list of next year's holidays is usually published in November; from December its absence is an alarm."""


def year_to_alarm(today: date, published: frozenset[int]) -> int | None:
    """The coming year when its holidays should be known by now and are not."""
    if today.month >= ALARM_MONTH and today.year + 1 not in published:
        return today.year + 1
    return today.year if today.year not in published else None


def same_shape(value: object, other: object) -> bool:
    """Whether a new parameter value can stand where the old one stood: numbers for numbers, lists for lists."""
    numbers = (int, float)
    if isinstance(value, bool) or isinstance(other, bool):
        return type(value) is type(other)
    if isinstance(value, numbers) and isinstance(other, numbers):
        return value >= 0
    if isinstance(value, list) and isinstance(other, list):
        return bool(value) and all(same_shape(item, other[0]) for item in value)
    return type(value) is type(other)
