"""Serving a checkout on this machine: detection, preparation, ports, the server."""
