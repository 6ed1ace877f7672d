"""Recordings of real machines, read as streams of records."""
