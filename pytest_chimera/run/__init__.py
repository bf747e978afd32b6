"""Runs features from their recorded state to their verdicts, and publishes the results."""
