"""A foreign S7 server (python-snap7), in a process of its own. Told by JSON lines what to do; answers each with one."""

from __future__ import annotations

import json
import logging
import sys

from snap7.server import Server
from snap7.type import SrvArea

logging.disable(logging.CRITICAL)
TASK = json.loads(sys.argv[1])
AREAS = {"DB1": (SrvArea.DB, 1, bytearray(TASK["size"])), "M": (SrvArea.MK, 0, bytearray(64))}
SERVER = Server(log=False)
for area, index, memory in AREAS.values():
    SERVER.register_area(area, index, memory)
for name, start, content in TASK["first"]:
    raw = bytes.fromhex(content)
    AREAS[name][2][start : start + len(raw)] = raw
SERVER.start(TASK["port"])
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    memory = AREAS[asked["area"]][2]
    value = None
    if asked["what"] == "set":
        raw = bytes.fromhex(asked["raw"])
        memory[asked["start"] : asked["start"] + len(raw)] = raw
    else:
        value = bytes(memory[asked["start"] : asked["start"] + asked["length"]]).hex()
    print(json.dumps({"ok": True, "value": value}), flush=True)
