"""The engine: state machines on one event queue; start at :class:`twin.engine.station.Station`."""
