"""The project's own functions for steps: their phrases, and their calls in a test."""
