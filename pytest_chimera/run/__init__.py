"""Runs features: from where they stand to their verdicts, and what is published."""
