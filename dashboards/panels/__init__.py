"""Panels, one module per group; a module registers its panels by being there."""
