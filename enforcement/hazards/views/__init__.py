"""Pages of hazards: the ledger, the map, the record."""
