"""Statistics of simulated experiments: intervals, warm-up, comparison, selection, designs. Pure functions."""
