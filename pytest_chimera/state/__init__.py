"""Stored state: journals, the write-ahead log, and the vault of evidence."""
