"""The state machine of seven phases, its values, and the agents that act in them."""
