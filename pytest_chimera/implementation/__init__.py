"""Phase 2: a coder, or the person, makes the change."""
