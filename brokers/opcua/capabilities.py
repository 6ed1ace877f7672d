"""What the server says of itself: ServerCapabilities and HistoryServerCapabilities (Part 5, 6.3.2; Part 11, 5.4.2).

asyncua leaves most of them empty. Here they are what the server holds to: limits that are enforced, 0 where there is
none, False where something is not there. ``ServerProfileArray`` is empty: no profile has been tested by anybody, and
none is claimed.
"""

from __future__ import annotations

from asyncua import Server, ua

from brokers.opcua.history import MOST_VALUES

CAN, LIMITS = "Server_ServerCapabilities_", "Server_ServerCapabilities_OperationLimits_"
HISTORY = "HistoryServerCapabilities_"
TEXT, NUMBER, SHORT = ua.VariantType.String, ua.VariantType.UInt32, ua.VariantType.UInt16
NEVER = (
    "AccessHistoryEventsCapability",
    "InsertDataCapability",
    "ReplaceDataCapability",
    "UpdateDataCapability",
    "DeleteRawCapability",
    "DeleteAtTimeCapability",
    "InsertEventCapability",
    "ReplaceEventCapability",
    "UpdateEventCapability",
    "DeleteEventCapability",
    "InsertAnnotationCapability",
    "ServerTimestampSupported",
)
"""What no history here can do."""
UNCHANGED = ("MaxNodesPerHistoryReadEvents", "MaxNodesPerHistoryUpdateData", "MaxNodesPerHistoryUpdateEvents")
"""Limits of services that are not there."""


def capabilities(server: Server, history: bool) -> dict[str, ua.Variant]:
    """Values by the name of their node.

    Args:
        server: What is described.
        history: Whether anything has history.
    """
    limits, inner = server.limits, server.iserver
    found = {
        f"{CAN}ServerProfileArray": ua.Variant([], TEXT, is_array=True),
        f"{CAN}LocaleIdArray": ua.Variant(["en", "zh"], TEXT),
        f"{CAN}SoftwareCertificates": ua.Variant([], ua.VariantType.ExtensionObject, is_array=True),
        f"{CAN}ConformanceUnits": ua.Variant([], ua.VariantType.QualifiedName, is_array=True),
        f"{CAN}MinSupportedSampleRate": ua.Variant(0.0, ua.VariantType.Double),
        f"{CAN}MaxMonitoredItemsQueueSize": ua.Variant(inner.max_monitored_item_queue_size, NUMBER),
        f"{CAN}MaxSessions": ua.Variant(inner.max_connections, NUMBER),
        f"{CAN}MaxSubscriptions": ua.Variant(inner.max_subscriptions, NUMBER),
    }
    for name in ("MaxBrowseContinuationPoints", "MaxQueryContinuationPoints", "MaxHistoryContinuationPoints"):
        found[f"{CAN}{name}"] = ua.Variant(0, SHORT)
    for name in ("MaxArrayLength", "MaxStringLength", "MaxByteStringLength"):
        found[f"{CAN}{name}"] = ua.Variant(limits.max_message_size, NUMBER)
    for name in ("MaxMonitoredItems", "MaxSubscriptionsPerSession", "MaxMonitoredItemsPerSubscription"):
        found[f"{CAN}{name}"] = ua.Variant(0, NUMBER)
    for name in ("MaxSelectClauseParameters", "MaxWhereClauseParameters"):
        found[f"{CAN}{name}"] = ua.Variant(0, NUMBER)
    found |= {f"{LIMITS}{name}": ua.Variant(0, NUMBER) for name in UNCHANGED}
    found |= {f"{HISTORY}{name}": ua.Variant(False, ua.VariantType.Boolean) for name in NEVER}
    found[f"{HISTORY}AccessHistoryDataCapability"] = ua.Variant(history, ua.VariantType.Boolean)
    found[f"{HISTORY}MaxReturnDataValues"] = ua.Variant(MOST_VALUES, NUMBER)
    found[f"{HISTORY}MaxReturnEventValues"] = ua.Variant(0, NUMBER)
    return found


async def tell_capabilities(server: Server, history: bool) -> None:
    """Write what the server can and holds to into its nodes."""
    for name, value in capabilities(server, history).items():
        node = ua.NodeId(getattr(ua.ObjectIds, name))
        await server.iserver.write_attribute_value(node, ua.DataValue(value))
