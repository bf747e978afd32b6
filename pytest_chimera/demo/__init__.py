"""The demo: a real application that lacks three features, and recorded changes that stand in for a coder."""
