"""The domain of Future Factory: vocabulary, simulation, key figures and industry brain.

Nothing in this package opens a socket, reads a file or looks at the clock of the machine.
"""
