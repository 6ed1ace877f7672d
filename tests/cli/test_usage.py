"""A command line that is not as the commands want it is told as every other mistake is, with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import cli
from tests.scenario.documents import SMALL

FOREIGN = ("Usage:", "Error", "Input should", "Invalid value", "bug", "Errno")
MISTAKES = {
    "simulate FILE --seed -5": "--seed: expected at least 0, got '-5' (factory simulate --help tells more)",
    "simulate FILE --seed=x": "--seed: expected a whole number, got 'x'",
    "run FILE --port 70000": "--port: expected at most 65535, got '70000'",
    "bottleneck FILE --replications 0": "--replications: expected at least 1, got '0'",
    "simulate FILE --untill 1h": "--untill: expected an option of factory simulate, got none (did you mean",
    "simulate FILE --until": "--until: expected a value, got nothing",
    "simulate": "scenario: expected a value, got nothing (factory simulate --help tells more)",
    "simulate FILE b c": "factory simulate: expected no further arguments, got b c",
    "simulat FILE": "factory: expected a command, got 'simulat' (did you mean 'simulate'?)",
    "simulate FILE --until 1e300h": "--until: expected at most 50 years, got '1e300h'",
    "simulate FOLDER": "expected a scenario file, got a folder",
    "run FILE --broker mqtt://localhost:99999": "broker: expected mqtt://host:port or mqtts://host:port, got",
    "run FILE --broker mqtt://localhost?ca=x": "broker: expected a known option, got 'ca' (known: version;",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_in_the_command_line(line: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    words = {"FILE": str(tmp_path / "small.yaml"), "FOLDER": str(tmp_path)}
    code = cli.run([words.get(word, word) for word in line.split()])
    out, err = capfd.readouterr()
    assert (code, out) == (2, "")
    assert MISTAKES[line] in err
    assert not [word for word in FOREIGN if word in err]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("epoch: 2026", "epoch: 0001", "epoch: expected a year from 1971 to 2199, got 1"),
        ("epoch: 2026", "epoch: 9999", "epoch: expected a year from 1971 to 2199, got 9999"),
        ("epoch: 2026", "run: {horizon: 900000 h}\nepoch: 2026", "run.horizon: expected at most 50 years, got "),
    ],
)
def test_times_beyond_what_the_wire_can_say_are_refused(
    old: str, new: str, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "\n".join(row for row in SMALL.splitlines() if not row.startswith("run:"))
    assert old in text
    (tmp_path / "small.yaml").write_text(text.replace(old, new), encoding="utf-8")
    assert cli.run(["simulate", str(tmp_path / "small.yaml")]) == 2
    assert told in capfd.readouterr().err


@pytest.mark.parametrize("command", ["validate", "simulate", "experiment", "bottleneck", "doctor", "command"])
def test_a_file_that_may_not_be_read_is_told_by_its_name(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text(SMALL, encoding="utf-8")
    monkeypatch.setattr("os.access", lambda *_, **__: False)  # who runs the tests may read all
    assert cli.run([command, str(file)]) == 2
    assert f"{file}: expected a readable file, got one without permission" in capfd.readouterr().err


@pytest.mark.parametrize("words", ["forecast FILE", "import auto FILE --out o.yaml"])
def test_a_file_that_cannot_be_read_is_bad_input(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    file = Path("/proc/self/mem")  # whose first byte nobody can read
    assert cli.run(words.replace("FILE", str(file)).split()) == 2
    told = capfd.readouterr().err
    assert f"{file}: expected " in told
    assert len(told.splitlines()) == 1


def test_in_a_folder_that_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for words in ("new station polisher", "browse opc.tcp://127.0.0.1:1", "simulate workshop"):
        assert cli.run(words.split()) == 2
        assert capfd.readouterr().err == (
            "factory: expected a folder to work in, got one that was removed (go to another)\n"
        )
