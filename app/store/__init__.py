"""PostgreSQL: the embedded server, the pool, transactions, records and their history."""
