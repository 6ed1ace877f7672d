"""From what a machine has, words, bits and counters, to what the platform says of a unit; without protocol or clock."""
