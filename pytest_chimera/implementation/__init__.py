"""Phase 2: a coder, or a person, makes the change."""
