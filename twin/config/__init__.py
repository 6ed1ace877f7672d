"""What a user writes about a plant; start at :class:`twin.config.plant.PlantConfig`."""
