"""Behaviour that stations are put together from: failures, setups, calendars, energy."""
