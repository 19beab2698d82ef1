"""History: the versions of a record, of a type or of all records, listed as they were known at one moment."""
