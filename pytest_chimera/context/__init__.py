"""What a run works with: the project, its limits, its turns and its circuit breakers."""
