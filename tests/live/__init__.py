"""Live runs beneath the command line."""
