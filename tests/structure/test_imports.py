"""A command and a role import what they use, and none of the large packages that others need."""

from __future__ import annotations

import subprocess
import sys

import pytest

TABLES = {"duckdb", "pyarrow"}
PAGES = {"fastapi", "starlette", "uvicorn"}
OPCUA = {"asyncua", "cryptography"}
MQTT = {"paho", "google.protobuf"}
STORES = {"influxdb_client", "grafana_api", "urllib3"}
HEAVY = TABLES | PAGES | OPCUA | MQTT | STORES | {"scipy.special", "scipy.stats", "numba", "pint"}
MODEL = {
    "numpy",
    "pydantic",
    "simpy",
    "yaml",
    "asyncio",
    "twin.plant.plant",
    "twin.brain.brain",
    "scenarios.format.document",
}

COMMAND = "from scenarios.cli import run; assert run({arguments!r}) == 0"
ROLE = "from scenarios.live.roles import role_of; role_of({name!r})"


def loaded(code: str) -> set[str]:
    """Names of all modules that a new interpreter has after some code."""
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "without"),
    [
        (["--help"], HEAVY | MODEL),
        (["run", "--help"], (HEAVY | MODEL) - {"asyncio", "pydantic"}),  # Typer loads them
        (["validate", "nev_chain"], HEAVY | {"asyncio", "twin.brain.brain", "rich.table"}),
        (["simulate", "workshop", "--until", "10 min", "--quiet"], HEAVY - {"scipy.special"}),
        (
            ["list"],
            HEAVY - {"pyarrow", "duckdb", "google.protobuf", "paho", "urllib3"},
        ),  # it names stores, transports
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_what_it_uses(arguments: list[str], without: set[str]) -> None:
    assert sorted(loaded(COMMAND.format(arguments=arguments)) & without) == []


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("plant", HEAVY | {"scenarios.format.document", "yaml"}),
        ("hub", OPCUA | STORES | {"scipy.special", "scipy.stats", "numba", "pint"}),
        ("gateway", TABLES | PAGES | STORES | {"twin.plant.plant", "scenarios.format.document", "numba", "pint"}),
    ],
)
def test_a_role_loads_what_it_uses(name: str, without: set[str]) -> None:
    assert sorted(loaded(ROLE.format(name=name)) & without) == []


def test_the_embedded_broker_loads_nothing_of_the_plant() -> None:
    assert not loaded("import brokers.embedded") & (HEAVY | (MODEL - {"asyncio"}))


def test_a_transport_does_not_load_the_other_one() -> None:
    assert "google.protobuf" not in loaded("from brokers.connectors import connectors; connectors['uns']")
