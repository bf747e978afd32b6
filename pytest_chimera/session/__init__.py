"""pytest's side: items, options, progress, reports and commands."""
