"""Publishers and sources by transport and URL."""

from brokers.connectors import connectors
from brokers.connectors import make_publisher as publisher
from brokers.connectors import make_source as source

__all__ = ["connectors", "publisher", "source"]
