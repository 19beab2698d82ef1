"""The record of who did what: events committed before the answer leaves, sealed into one hash chain."""
