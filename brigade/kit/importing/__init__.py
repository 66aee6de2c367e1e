"""Sheets that come in: the only room that reads workbooks. It is a package: what it offers stands here.

A caller declares `Column`s, opens the file (`open_book`), finds its table (`find_table`), takes or corrects the
proposed mapping (`suggest`) and reads every row (`read`); nothing stops at the first error. `write_mended` gives the
sheet back with the errors beside the cells. What `exporting` writes with `sheet_columns` reads back equal.
"""

from brigade.kit.importing.books import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Book, open_book
from brigade.kit.importing.cells import Span
from brigade.kit.importing.columns import Column, sheet_columns, suggest
from brigade.kit.importing.mending import write_mended
from brigade.kit.importing.rows import Fault, Row, read
from brigade.kit.importing.tables import Line, Table, find_table
