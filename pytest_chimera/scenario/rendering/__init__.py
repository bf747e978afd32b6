"""How a test is written."""
