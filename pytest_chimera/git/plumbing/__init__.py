"""Questions to git itself: its commands, chimera's own object store, trailers."""
