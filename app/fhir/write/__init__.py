"""Writing: from the bytes of a resource to rows, in one transaction, with locks in one order everywhere."""
