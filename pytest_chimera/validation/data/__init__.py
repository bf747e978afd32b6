"""A test's data: what it types, and the same test with other data or more of it."""
