"""What the brain reports of a window: units and groups, job orders, orders, transport, chains."""
