"""Experiments on scenarios: designs, replications, comparison, optimisation, reports."""
