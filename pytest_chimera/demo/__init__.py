"""The demo: an application that lacks three features, and recorded changes in place of a coder."""
