"""OPC UA server of the plant: address space after ISA-95, encrypted by default, rate-limited."""

from brokers.opcua.bridge import bridge
from brokers.opcua.config import Doors, MethodCall, OpcUaServerConfig
from brokers.opcua.publisher import OpcUaPublisher
from brokers.opcua.status import Status

__all__ = ["Doors", "MethodCall", "OpcUaPublisher", "OpcUaServerConfig", "Status", "bridge"]
