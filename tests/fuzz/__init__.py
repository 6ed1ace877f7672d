"""Spoilt inputs for everything that reads what others wrote: no crash, no hang over a second, no growth."""
