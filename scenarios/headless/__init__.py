"""Runs without a network: as fast as possible, with figures from telemetry or from the engine alone."""
