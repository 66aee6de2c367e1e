"""Pages of meetings: ledgers, the form that writes one down, the record, the matrix, what follows from it, one's own."""
