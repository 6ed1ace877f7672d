"""A test agent and adapter of our own for MTConnect (none that can be installed runs here), in a process of its own.

Told by JSON lines what to do; answers each with a JSON line. It keeps the last observations in a buffer, as agents do.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections import deque
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

TASK = json.loads(sys.argv[1])
LOCK = threading.RLock()
ITEMS: dict[str, dict[str, str]] = {one["id"]: one for one in TASK["items"]}
BUFFER: deque[dict[str, Any]] = deque(maxlen=TASK.get("buffer", 1000))
LATEST: dict[str, dict[str, Any]] = {}
ADAPTERS: list[Any] = []
STATE = {"next": 1, "instance": TASK["instance"], "requests": 0}


def observe(id: str, text: str, level: str = "", code: str = "", at: str = "") -> None:
    with LOCK:
        stamp = at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        seen = {"id": id, "sequence": STATE["next"], "at": stamp, "text": text, "level": level, "code": code}
        STATE["next"] += 1
        BUFFER.append(seen)
        LATEST[id] = seen
        name = ITEMS[id]["name"]
        line = f"{stamp}|{name}|{level}|{code}|||{text}" if level else f"{stamp}|{name}|{text}"
        for one in ADAPTERS:
            one.wfile.write(line.encode() + b"\n")


def burst(id: str, texts: list[str]) -> None:
    """Observe several values with no request answered in between."""
    with LOCK:
        for text in texts:
            observe(id, text)


def feed(lines: list[str]) -> None:
    """Take lines as an adapter sends them (SHDR); what the model of the device does not have is left out."""
    ids = {one["name"]: one["id"] for one in ITEMS.values()}
    with LOCK:
        for stamp, *rest in (line.split("|") for line in lines):
            if ITEMS.get(ids.get(rest[0], ""), {}).get("category") == "CONDITION":
                level = rest[1].capitalize()
                observe(ids[rest[0]], rest[5], level, rest[2], stamp)
                continue
            for name, text in zip(rest[::2], rest[1::2], strict=True):
                if name in ids:
                    observe(ids[name], text, at=stamp)


def page(kind: str, body: str) -> str:
    first = BUFFER[0]["sequence"] if BUFFER else STATE["next"]
    header = (
        f'<Header instanceId="{STATE["instance"]}" version="1.8" bufferSize="{BUFFER.maxlen}" '
        f'firstSequence="{first}" lastSequence="{STATE["next"] - 1}" nextSequence="{STATE["next"]}"/>'
    )
    return f'<?xml version="1.0"?><{kind} xmlns="urn:mtconnect.org:{kind}:1.8">{header}{body}</{kind}>'


def observations(some: list[dict[str, Any]], following: int | None = None) -> str:
    body = ""
    for one in some:
        item = ITEMS[one["id"]]
        tag = one["level"] or "".join(part.capitalize() for part in item["type"].split("_"))
        code = f" nativeCode={quoteattr(one['code'])}" if one["code"] else ""
        body += (
            f'<{tag} dataItemId={quoteattr(one["id"])} sequence="{one["sequence"]}" timestamp="{one["at"]}"{code}>'
            f"{escape(one['text'])}</{tag}>"
        )
    whole = page("MTConnectStreams", f'<Streams><DeviceStream name="M1"><ComponentStream>{body}</ComponentStream>'
                                     "</DeviceStream></Streams>")  # fmt: skip
    return (
        whole if following is None else whole.replace(f'nextSequence="{STATE["next"]}"', f'nextSequence="{following}"')
    )


def probe() -> str:
    items = "".join(
        "<DataItem " + " ".join(f"{name}={quoteattr(text)}" for name, text in one.items()) + "/>"
        for one in ITEMS.values()
    )
    body = f'<Devices><Device name="M1" uuid="u1"><DataItems>{items}</DataItems></Device></Devices>'
    return page("MTConnectDevices", body)


def sample(begin: int, count: int) -> str:
    first = BUFFER[0]["sequence"] if BUFFER else STATE["next"]
    if not first <= begin <= STATE["next"]:
        return page("MTConnectError", '<Errors><Error errorCode="OUT_OF_RANGE">from is out of range</Error></Errors>')
    some = [one for one in BUFFER if one["sequence"] >= begin][:count]
    return observations(some, some[-1]["sequence"] + 1 if some else STATE["next"])


class Agent(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: int(text[0]) for name, text in parse_qs(url.query).items()}
        with LOCK:
            STATE["requests"] += 1
            if url.path.endswith("probe"):
                text = probe()
            elif url.path.endswith("current"):
                text = observations(sorted(LATEST.values(), key=lambda one: one["sequence"]))
            else:
                text = sample(asked["from"], asked["count"])
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Adapter(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with LOCK:
            for one in LATEST.values():
                self.wfile.write(f"{one['at']}|{ITEMS[one['id']]['name']}|{one['text']}\n".encode())
            ADAPTERS.append(self)
        try:
            for line in self.rfile:
                if line.startswith(b"* PING"):
                    with LOCK:
                        self.wfile.write(b"* PONG 10000\n")
        finally:
            with LOCK:
                ADAPTERS.remove(self)


class Lines(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def begin(instance: str, items: list[dict[str, str]], at: str) -> None:
    """Become the agent of another device, of which nothing is known yet."""
    with LOCK:
        ITEMS.clear()
        ITEMS.update({one["id"]: one for one in items})
        LATEST.clear()
        TASK["first"] = [
            {
                "id": one["id"],
                "at": at,
                "text": "UNAVAILABLE",
                "level": "Unavailable" * (one["category"] == "CONDITION"),
            }
            for one in items
        ]
        restart(instance)


def restart(instance: str) -> None:
    STATE.update(instance=instance, next=1)
    BUFFER.clear()
    for one in TASK["first"]:
        observe(**one)


def main() -> None:
    restart(TASK["instance"])
    agent = ThreadingHTTPServer(("127.0.0.1", TASK["port"]), Agent)
    adapter = Lines(("127.0.0.1", TASK["adapter"]), Adapter)
    for server in (agent, adapter):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"ready": True}), flush=True)
    doing = {"observe": observe, "burst": burst, "feed": feed, "begin": begin,
             "restart": restart, "requests": lambda: STATE["requests"],
             "latest": lambda id: LATEST[id]["text"]}  # fmt: skip
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"ok": True, "value": doing[asked.pop("what")](**asked)}), flush=True)


main()
