"""Programs, sandboxes, environments and the machine: what every part stands on."""
