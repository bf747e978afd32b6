"""Phase 3: the guardian and the project's own tests review the change."""
