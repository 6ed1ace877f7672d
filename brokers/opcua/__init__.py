"""OPC UA server of the plant: address space after ISA-95, encrypted by default, rate-limited."""

from brokers.opcua.bridge import bridge
from brokers.opcua.config import Command, OpcUaConfig
from brokers.opcua.publisher import Doors, OpcUaPublisher, Status

__all__ = ["Command", "Doors", "OpcUaConfig", "OpcUaPublisher", "Status", "bridge"]
