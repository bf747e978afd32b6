"""Phase 1: the failing test is written, checked and sealed."""
