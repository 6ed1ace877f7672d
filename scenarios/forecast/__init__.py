"""Looking ahead: many branches of one saved plant, run to a horizon, and what they have in common."""
