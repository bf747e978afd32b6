"""A project's own functions for steps: what they are called with, and how a test calls them."""
