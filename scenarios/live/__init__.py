"""Running roles: the plant, the hub (ingest, brain, store, pages), the OPC UA gateway."""
