"""From recorded events to the distributions of a scenario."""
