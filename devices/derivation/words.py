"""What the state words of standards mean, as canonical states; the choice is our own design (domain notes, 1.2)."""

from __future__ import annotations

from collections.abc import Mapping

_PACKML = {
    "Clearing": "FAILED",
    "Stopped": "IDLE_NO_ORDER",
    "Starting": "SETUP",
    "Idle": "IDLE_NO_ORDER",
    "Suspended": "STARVED",
    "Execute": "PRODUCING",
    "Stopping": "MINOR_STOP",
    "Aborting": "FAILED",
    "Aborted": "FAILED",
    "Holding": "MINOR_STOP",
    "Held": "MINOR_STOP",
    "Unholding": "MINOR_STOP",
    "Suspending": "STARVED",
    "Unsuspending": "STARVED",
    "Resetting": "IDLE_NO_ORDER",
    "Completing": "PRODUCING",
    "Complete": "IDLE_NO_ORDER",
}
"""PackML states in the order of ANSI/ISA-TR88.00.02 and OMAC's PackTags, which number them from 1."""
_FROM_0 = (
    "Stopped", "Resetting", "Idle", "Starting", "Execute", "Completing", "Complete", "Aborting", "Aborted", "Stopping",
    "Clearing", "Suspending", "Suspended", "Unsuspending", "Holding", "Held", "Unholding",
)  # fmt: skip
"""The same in the enumeration that begins with 0."""

MODELS: dict[str, dict[str, str]] = {
    "packml": {**_PACKML, **{str(number): state for number, state in enumerate(_PACKML.values(), 1)}},
    "packml_from_0": {**_PACKML, **{str(number): _PACKML[name] for number, name in enumerate(_FROM_0)}},
    "e10": {
        "Productive": "PRODUCING",
        "Standby": "STARVED",
        "Engineering": "ENGINEERING_TRIAL",
        "Scheduled downtime": "PREVENTIVE_MAINT",
        "Unscheduled downtime": "FAILED",
        "Nonscheduled": "OFF_SHIFT",
    },
    "machinery": {
        "NotAvailable": "UNKNOWN",
        "OutOfService": "FAILED",
        "NotExecuting": "IDLE_NO_ORDER",
        "Executing": "PRODUCING",
    },
}  # fmt: skip
"""Words of standards, and numbers where they have some: PackML (StateCurrent), SEMI E10, item states of OPC UA for
Machinery (OPC 40001-1)."""

MODES: dict[str, str] = {"1": "producing", "2": "maintenance", "3": "manual"}
"""PackML unit modes (UnitModeCurrent) of the standard; others are the maker's."""
IN_MODE: dict[str, Mapping[str, str]] = {
    "maintenance": {"FAILED": "REPAIR", "IDLE_NO_ORDER": "PREVENTIVE_MAINT", "PRODUCING": "ENGINEERING_TRIAL"},
    "manual": {"PRODUCING": "ENGINEERING_TRIAL", "IDLE_NO_ORDER": "SETUP"},
}
"""What a state is in a mode other than production."""
