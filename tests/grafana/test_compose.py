"""docker-compose.yml and what it mounts agree with the code and with each other."""

from __future__ import annotations

import getpass
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from brokers.secrets import EXAMPLE, write
from brokers.stores import StoreUrl, stores
from dashboards.grafana.provisioning import FOLDER, MOUNT
from scenarios.cli import application
from scenarios.live.roles import NAMES
from tests.counterparts import free_port, needed, port_open, wait_for

ROOT = Path(__file__).parents[2]
FILES = ("docker-compose.yml", "docker-compose.roles.yml")
"""The platform, and what is laid over it to have each role in a container of its own."""
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / FILES[0]).read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ROLES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / FILES[1]).read_text(encoding="utf-8"))["services"]
services = pytest.mark.parametrize("name", SERVICES)
PASSWORDS = "/tmp/mosquitto.passwd"  # noqa: S108 - in the container
SETTING = re.compile(r"(?<!\$)\$\{(\w+)(?::?[-?]([^}]*))?\}")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """What ``python -m brokers.secrets`` writes."""
    shutil.copy(ROOT / EXAMPLE, tmp_path)
    lines = write(tmp_path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.parametrize("files", [FILES[:1], FILES], ids=["platform", "roles"])
def test_the_compose_program_accepts_the_file(files: tuple[str, ...], tmp_path: Path) -> None:
    """Compose reads the file without an engine."""
    program = shutil.which("docker")
    if not program or subprocess.run([program, "compose", "version"], capture_output=True).returncode:
        pytest.skip("the compose plugin of docker is not installed; the other tests look at the file itself")
    shutil.copy(ROOT / EXAMPLE, tmp_path)
    command = [program, "compose", "--project-directory", str(ROOT), "--env-file", str(write(tmp_path))]
    asked = [part for name in files for part in ("-f", str(ROOT / name))] + ["--profile", "*"]
    result = subprocess.run([*command, *asked, "config", "--format", "json"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert set(json.loads(result.stdout)["services"]) == (set(SERVICES) | set(ROLES) if files[1:] else set(SERVICES))


def test_the_loader_of_compose_accepts_the_file(tmp_path: Path, settings: dict[str, str]) -> None:
    """The library with which compose reads and checks the file, where Go has built it."""
    program = shutil.which(str(ROOT / ".tools/bin/compose-go"))
    if not program:
        pytest.skip("compose-go is not here (go install github.com/compose-spec/compose-go/v2/cmd)")
    file = tmp_path / "docker-compose.yml"
    file.write_text(resolved((ROOT / "docker-compose.yml").read_text(encoding="utf-8"), settings), encoding="utf-8")
    result = subprocess.run([program, "-format", "json", str(file)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr + result.stdout
    services = json.loads(result.stdout)["services"]
    assert set(services) == set(SERVICES)
    assert {port["host_ip"] for service in services.values() for port in service["ports"]} == {"127.0.0.1"}


@services
def test_images_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[\w/.-]+:\d+\.\d+\.\d+", SERVICES[name]["image"])


def test_images_of_the_docker_file_are_pinned() -> None:
    froms = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert froms
    assert all(re.fullmatch(r"\w+:\d+\.\d+\.\d+[\w-]*", image) for image in froms)


@services
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert SERVICES[name]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


@services
def test_health_is_checked(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        assert condition == {"condition": "service_healthy"}


@services
def test_mounted_files_exist_and_volumes_are_declared(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert rest.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_provisioning_is_mounted_where_the_files_say() -> None:
    assert f"./{FOLDER.relative_to(ROOT)}:{MOUNT}:ro" in SERVICES["grafana"]["volumes"]
    provider = yaml.safe_load((FOLDER / "dashboards/provider.yaml").read_text())["providers"][0]
    inside = provider["options"]["path"].removeprefix(f"{MOUNT}/")
    assert list((FOLDER / inside).glob("*.json"))


def test_every_setting_is_in_the_example_and_used(settings: dict[str, str]) -> None:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in FILES)
    asked = {name for name, _ in SETTING.findall(text)}
    assert asked == set(settings)
    defaults = {name: value for name, value in SETTING.findall(text) if value and not value.startswith("run python3")}
    assert all(settings[name] == value for name, value in defaults.items())


def test_the_store_of_the_command_line_is_one_we_have(settings: dict[str, str]) -> None:
    url = StoreUrl.of(resolved(option("--store"), settings))
    assert url.scheme in stores.kinds()
    url.allow("org", "bucket")
    assert (url.host, url.port) == ("influxdb", 8086)
    environment = SERVICES["influxdb"]["environment"]
    made = {key: resolved(environment[f"DOCKER_INFLUXDB_INIT_{key.upper()}"], settings) for key in ("org", "bucket")}
    assert url.options == made
    assert resolved(SERVICES["grafana"]["environment"]["FF_INFLUX_BUCKET"], settings) == made["bucket"]


@pytest.mark.parametrize("service", [SERVICES["factory"], *ROLES.values()], ids=["platform", *ROLES])
def test_the_command_line_is_one_we_have(service: dict[str, Any], settings: dict[str, str]) -> None:
    command = service["command"]
    known = typer.main.get_command(application()).commands[command[0]]  # type: ignore[attr-defined]
    options = {name for parameter in known.params for name in parameter.opts}
    assert {part for part in command if part.startswith("--")} <= options
    if command[0] == "role":
        assert command[1] in NAMES
        assert resolved(command[2], settings) in ("nev_chain", "works")
        assert command[command.index("--broker") + 1] == option("--broker")


def test_roles_share_the_folder_and_wait_for_the_hub() -> None:
    """All but the brain, which is nobody's role: it waits for the broker and is healthy by itself."""
    hub, brain = ROLES["factory"], ROLES["brain"]
    alone = {**ROLES, "factory": SERVICES["factory"] | hub}
    for name, service in alone.items():
        assert service["volumes"] == hub["volumes"], name
        assert service["environment"]["FF_DATA"] == "/data"
        assert service["image"] == SERVICES["factory"]["image"]
        assert service["restart"] == "unless-stopped"
    waits = {name: set(service["depends_on"]) for name, service in ROLES.items() if name != "factory"}
    assert waits == {"plant": {"factory"}, "machines": {"factory"}, "gateway": {"factory"}, "brain": {"mosquitto"}}
    port = brain["command"][brain["command"].index("--port") + 1]
    assert brain["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f":{port}/api/health" in brain["healthcheck"]["test"][-1]
    assert [name for name, service in ROLES.items() if service.get("profiles")] == ["machines", "gateway", "brain"]


def test_passwords_of_machines_are_kept_out_of_git_and_the_image() -> None:
    (file,) = ROLES["machines"]["env_file"]
    assert file["required"] is False
    for name in (".gitignore", ".dockerignore"):
        assert file["path"] in (ROOT / name).read_text().splitlines()


def test_the_code_reads_every_variable_it_is_given() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("brokers", "dashboards", "scenarios")
        for path in (ROOT / folder).rglob("*.py")
    )
    for name in SERVICES["factory"]["environment"]:
        assert f'"{name}"' in code, name


def test_the_docker_file_copies_what_is_there() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert copies
    assert all((ROOT / name).exists() for line in copies for name in line.split())
    assert 'ENTRYPOINT ["factory"]' in (ROOT / "Dockerfile").read_text()


def test_names_and_ports_agree() -> None:
    assert option("--broker") == "mqtt://mosquitto:1883"
    assert "listener 1883" in (ROOT / "brokers/mosquitto.conf").read_text()
    assert f"127.0.0.1:{option('--port')}:{option('--port')}" in SERVICES["factory"]["ports"]
    assert SERVICES["grafana"]["environment"]["FF_INFLUX_URL"] == "http://influxdb:8086"
    scenario = next(part for part in SERVICES["factory"]["command"] if part.endswith(".yaml"))
    assert (ROOT / scenario.removeprefix("/app/")).is_file()


def test_grafana_knows_what_its_data_source_asks_for() -> None:
    asked = re.findall(r"\$(FF_\w+)", (FOLDER / "datasources/influxdb.yaml").read_text())
    assert set(asked) == {name for name in SERVICES["grafana"]["environment"] if name.startswith("FF_")}


def test_no_secret_is_in_a_file() -> None:
    for name in (*FILES, EXAMPLE, "brokers/mosquitto.conf"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":" if name.endswith(".yml") else "=")
            if re.search(r"PASSWORD|TOKEN", key) and "mosquitto_" not in line:
                assert value.partition("#")[0].strip() in ("", "none") or "${" in value, line


def test_secrets_are_random_private_and_kept(tmp_path: Path) -> None:
    shutil.copy(ROOT / EXAMPLE, tmp_path)
    first = write(tmp_path)
    text = first.read_text(encoding="utf-8")
    assert first.stat().st_mode & 0o077 == 0
    assert not re.search(r"=$", text, re.MULTILINE)
    (tmp_path / ".env").write_text(text + "MINE=1\n", encoding="utf-8")
    assert write(tmp_path).read_text(encoding="utf-8") == text + "MINE=1\n"
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(ROOT / EXAMPLE, other)
    assert write(other).read_text(encoding="utf-8") != text


@pytest.fixture
def mosquitto(tmp_path: Path, settings: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Mosquitto started with our file and the container's own command, on a free port."""
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    places = {
        "listener 1883": f"listener {port} 127.0.0.1\nuser {getpass.getuser()}",
        "/mosquitto/data/": f"{tmp_path}/",
        PASSWORDS: f"{tmp_path}/passwd",
        "exec mosquitto ": f"exec {needed('mosquitto', '/usr/sbin/mosquitto')} ",
        "/mosquitto/config/mosquitto.conf": f"{config}",
        "$$": "$",
    }
    config.write_text(replaced((ROOT / "brokers/mosquitto.conf").read_text(encoding="utf-8"), places), encoding="utf-8")
    command = replaced(SERVICES["mosquitto"]["command"][0], places)
    needed("mosquitto_passwd")
    process = subprocess.Popen(["/bin/sh", "-c", command], env={**settings, "PATH": "/usr/bin:/bin"})
    try:
        wait_for(lambda: port_open(port), "mosquitto", process)
        yield port, {"user": settings["FF_MQTT_USER"], "password": settings["FF_MQTT_PASSWORD"]}
    finally:
        process.terminate()
        process.wait(10)


def test_mosquitto_lets_in_who_has_the_password(mosquitto: tuple[int, dict[str, str]]) -> None:
    port, login = mosquitto
    ask = [needed("mosquitto_sub"), "-p", str(port), "-t", "$SYS/broker/uptime", "-C", "1", "-W", "5"]
    inside = subprocess.run([*ask, "-u", login["user"], "-P", login["password"]], capture_output=True, timeout=20)
    assert inside.returncode == 0, inside.stderr
    outside = subprocess.run([*ask, "-u", login["user"], "-P", "guess"], capture_output=True, timeout=20)
    anonymous = subprocess.run(ask, capture_output=True, timeout=20)
    assert outside.returncode != 0
    assert anonymous.returncode != 0


def option(name: str) -> str:
    """What follows an option in the command of the platform's container."""
    command = SERVICES["factory"]["command"]
    return str(command[command.index(name) + 1])


def resolved(text: str, settings: dict[str, str]) -> str:
    """A text of the file with the settings filled in."""
    return SETTING.sub(lambda match: settings[match[1]], text)


def replaced(text: str, places: dict[str, str]) -> str:
    """A text with some parts replaced."""
    for before, after in places.items():
        text = text.replace(before, after)
    return text
