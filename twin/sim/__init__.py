"""The engine: a plant of state machines on one event queue."""

from twin.sim.command import Command
from twin.sim.journal import TraceRow
from twin.sim.ledger import Count, Ledger, Totals, Truth
from twin.sim.plant import Plant
from twin.sim.view import PlantView

__all__ = ["Command", "Count", "Ledger", "Plant", "PlantView", "Totals", "TraceRow", "Truth"]
