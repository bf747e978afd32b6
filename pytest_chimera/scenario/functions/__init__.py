"""A project's own functions for steps: what they are called with, and how a test calls them."""

from pytest_chimera.scenario.functions.registry import step_functions

__all__ = ["step_functions"]
