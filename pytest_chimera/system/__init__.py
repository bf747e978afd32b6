"""Programs, sandboxes, environments and the machine: the basis of all other parts."""
