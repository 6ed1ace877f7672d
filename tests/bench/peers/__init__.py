"""The line of ten machines in other libraries, one module each; see :mod:`tests.bench.test_peers_bench`.

A module has ``line(seed, days)``, which gives the parts made. It imports its library, so only import it where
that is installed.
"""
