"""Phrases: what names a thing on the page, a page, or a value."""
