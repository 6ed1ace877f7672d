"""Key performance indicators: pure functions and their descriptions."""
