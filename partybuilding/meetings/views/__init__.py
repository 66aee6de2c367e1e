"""Pages of meetings: ledgers, the form that writes one down, the record, the matrix, what it led to, one's own."""
