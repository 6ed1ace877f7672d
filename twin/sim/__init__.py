"""The engine: a plant of state machines on one event queue; start at :class:`twin.sim.plant.Plant`."""
