"""Phrases: the words for a thing on the page, a page, or a value."""
