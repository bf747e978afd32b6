"""Phase 4: the application is found, prepared and served."""
