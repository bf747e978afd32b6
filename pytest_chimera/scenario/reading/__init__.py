"""Turns written steps into readings with resolved references."""
