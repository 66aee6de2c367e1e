"""Columns and filters of ledgers, and the sheet made of them. This room is a package: what it offers stands here."""

from brigade.ledgers.tables.columns import (
    Cell,
    CodeColumn,
    Column,
    DueColumn,
    PersonColumn,
    StateColumn,
    cells_of,
)
from brigade.ledgers.tables.filters import DaysFilter, LedgerFilters, Search, UnitFilter
from brigade.ledgers.tables.pages import Page, address, narrowing
from brigade.ledgers.tables.sheets import Sheet
