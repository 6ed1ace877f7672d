"""MQTT: one connection per publisher or source, and the unified namespace in JSON."""
