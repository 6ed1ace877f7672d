"""Behaviours that a scenario can give to stations, one module each; a module registers its behaviour by being there."""
