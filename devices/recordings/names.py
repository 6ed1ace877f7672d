"""Usual names of data items in MTConnect adapters, and the tags they stand for."""

from __future__ import annotations

STATE_ITEMS = ("execution", "Program_Status", "Execution")
PART_ITEMS = ("Part_Count", "PartCountAct", "part_count")

TAGS: dict[str, str] = {
    "Spindle_Speed": "spindle_speed_rpm",
    "Srpm": "spindle_speed_rpm",
    "S2rpm": "spindle_speed_rpm",
    "Feed_Rate": "feed_rate_mm_min",
    "feed_rate": "feed_rate_mm_min",
    "Sload": "spindle_load_pct",
    "S2load": "spindle_load_pct",
    "Stemp": "spindle_temperature_c",
    "S2temp": "spindle_temperature_c",
    "Xload": "axis_x_load_pct",
    "Zload": "axis_z_load_pct",
    "Feed_Override": "feed_override_pct",
    "feed_override": "feed_override_pct",
    "Fovr": "feed_override_pct",
    "Spindle_Override": "spindle_override_pct",
    "Sovr": "spindle_override_pct",
    "Rapid_Override": "rapid_override_pct",
    "rapid_override": "rapid_override_pct",
    "Frapidovr": "rapid_override_pct",
    "Current_Tool": "tool_number",
    "current_tool": "tool_number",
    "Tool_number": "tool_number",
    "Block_Number": "block_number",
    "block_number": "block_number",
    "line": "block_number",
    "Program_Runtime_Seconds": "program_runtime_s",
    "program_runtime_seconds": "program_runtime_s",
    "hydraulic_pressure": "hydraulic_pressure_bar",
}
"""Where an item and its alternative (``Srpm``, ``S2rpm``) are both there, the later observation counts."""
