"""Writes tests."""
