"""Optimisation of scenarios: what is chosen, within which limits, for which objectives."""
