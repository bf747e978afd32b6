"""From written steps to readings that are bound to each other."""
