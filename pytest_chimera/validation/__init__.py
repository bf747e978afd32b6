"""Phase 5: the sealed test, with other data than it shows, and what worked before."""
