"""What is kept: journals, the write-ahead log, and the vault of evidence."""
