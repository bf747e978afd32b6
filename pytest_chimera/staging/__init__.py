"""Phase 4: the application is detected, prepared and served."""
