"""Interprets sentences."""
