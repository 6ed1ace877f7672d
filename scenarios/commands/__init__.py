"""Commands of ``factory``, one module each, with a function ``add(app)``."""
