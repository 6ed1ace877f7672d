"""Behaviours that stations are put together from: work, failures, setups, people, stores, ways, calendars."""
