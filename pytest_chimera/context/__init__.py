"""What a run works with: the project, its limits, its scheduler and its circuit breakers."""
