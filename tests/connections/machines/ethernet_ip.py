"""A foreign EtherNet/IP server (cpppo), in a process of its own. JSON lines tell it what to do; it answers each."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
import time
from typing import Any

from cpppo.dotdict import apidict, dotdict
from cpppo.server.enip.main import main, tags

logging.disable(logging.CRITICAL)
TASK = json.loads(sys.argv[1])
CONTROL = dotdict({"control": apidict(timeout=1.0, done=False, disable=False)})


def attribute(tag: str) -> Any:
    return dict.__getitem__(tags, tag).attribute  # its own takes the dots of a name apart


def put(tag: str, at: int, value: Any) -> None:
    """A text or number in a tag; JSON has no infinite numbers, so they come as texts."""
    kept = attribute(tag)
    kept[at] = float(value) if isinstance(kept[at], float) else value


arguments = ["--no-config", "--no-udp", "-a", f"127.0.0.1:{TASK['port']}"]
threading.Thread(
    target=main,
    args=([*arguments, *(f"{tag}={kind}" for tag, kind, _ in TASK["tags"])],),
    kwargs={"server": CONTROL},
    daemon=True,
).start()
while True:
    with socket.socket() as probe:
        if not probe.connect_ex(("127.0.0.1", TASK["port"])):
            break
    time.sleep(0.01)
for tag, _, values in TASK["tags"]:
    for at, value in enumerate(values):
        put(tag, at, value)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    value = None
    if asked["what"] == "set":
        put(asked["tag"], asked["at"], asked["value"])
    else:
        value = attribute(asked["tag"])[asked["at"]]
        value = repr(value) if isinstance(value, float) else value
    print(json.dumps({"ok": True, "value": value}), flush=True)
