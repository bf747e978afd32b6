"""Phase 5: the sealed test, its variations with other data, and what worked before."""
