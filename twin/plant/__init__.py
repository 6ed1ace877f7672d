"""The plant: stations built, linked and checked on one clock; start at :class:`twin.plant.plant.Plant`."""
