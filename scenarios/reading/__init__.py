"""From files to a tree that knows the place of every value; :func:`scenarios.loader.load` puts it to use."""
