"""An error in a plug-in names the plug-in, whatever it brings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scenarios.actions.catalogue import registries
from scenarios.cli import BUG, run
from scenarios.scaffold import example_of, files_of, sorts
from twin import registry
from twin.errors import PluginError, Problem

WRONG = {
    "behaviour": ("def leave(self, slot: Slot)", "def leave(self)", "leave that takes 1 value"),
    "connector": (
        "def __init__(self, url: str, publisher: str)",
        "def __init__(self, url: str)",
        "publisher that takes",
    ),
    "driver": ("def frames(self, tick: Tick)", "def frames(self)", "frames that takes 1 value"),
    "kpi": ("(o: Observed) -> Figure", "() -> Figure", "figure that takes 1 value"),
    "panel": ("width=12", "width=120", "a width of 1 to 24 columns"),
    "rule": (", tool: PoolMember | None)", ")", "key that takes 3 values"),
    "station": ("class Polisher(Processor)", "class Polisher", "of that takes 1 value"),
    "connection": (
        "async def write(self, item: str, value: Any)",
        "async def write(self, item: str)",
        "write that takes 2 values, got (self, item",
    ),
    "store": ("def jsonl(url: StoreUrl)", "def jsonl()", "something that takes 1 value"),
}
"""By sort: what stands in the recipe, what is wrong instead, and what is told of it."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules can be imported; what they registered is taken out again."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = {sort: set(one.kinds()) for sort, one in registries().items()}
    modules, plugins = set(sys.modules), dict(registry._PLUGINS)
    monkeypatch.setattr(registry, "_PLUGINS", plugins)
    yield tmp_path
    for sort, one in registries().items():
        for kind in set(one.kinds()) - before[sort]:
            one.forget(kind)
    for module in set(sys.modules) - modules:
        if getattr(sys.modules[module], "__file__", None) and str(tmp_path) in str(sys.modules[module].__file__):
            del sys.modules[module]


def loaded(sort: str, folder: Path, text: str) -> None:
    """Load a recipe with another text, as its entry point does."""
    name = example_of(sort)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    registries()[sort]._load(EntryPoint(name, name, f"futurefactory.{sort}"))


def recipe(sort: str) -> str:
    return files_of(sort, example_of(sort))[f"{example_of(sort)}.py"]


@pytest.mark.parametrize("sort", sorts())
def test_one_that_cannot_be_imported(folder: Path, sort: str) -> None:
    with pytest.raises(PluginError) as caught:
        loaded(sort, folder, recipe(sort) + "\nimport nothing_of_that_name\n")
    (problem,) = caught.value.problems
    assert problem.where == f"plug-in {example_of(sort)}, {sort} {example_of(sort)}"
    assert "No module named 'nothing_of_that_name'" in problem.got


@pytest.mark.parametrize("sort", sorts())
def test_one_that_cannot_be_called_as_it_will_be(folder: Path, sort: str) -> None:
    there, instead, told = WRONG[sort]
    assert there in recipe(sort)
    with pytest.raises(PluginError) as caught:
        loaded(sort, folder, recipe(sort).replace(there, instead))
    assert f"plug-in {example_of(sort)}, {sort}" in caught.value.problems[0].where
    assert told in caught.value.problems[0].got


@pytest.mark.parametrize("sort", sorts())
def test_a_broken_one_stops_only_who_asks_for_what_it_brings(
    folder: Path, sort: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name, own = example_of(sort), registries()[sort]
    (folder / f"{name}.py").write_text(recipe(sort) + "\nimport nothing_of_that_name\n", encoding="utf-8")
    known = own.kinds()
    monkeypatch.setattr(own, "_scanned", False)
    monkeypatch.setattr(own, "_broken", [])
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint(name, name, group)])
    assert own.kinds() == own.kinds() == known
    (told,) = caplog.messages
    assert told.startswith(f"warning: plug-in {name}, {sort} {name}: expected a module that registers")
    assert known[0] in own
    for ask in (own.__getitem__, own.__contains__):
        with pytest.raises(PluginError, match=f"plug-in {name}"):
            ask(name)


def test_a_command_that_does_not_use_a_broken_one_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, own = example_of("station"), registries()["station"]
    example = folder / f"{name}.yaml"
    example.write_text(files_of("station", name)[example.name], encoding="utf-8")
    broken = Problem(f"plug-in {name} 1.0, station {name}", "a module that registers what it brings", "none", "")
    monkeypatch.setattr(own, "_broken", [broken])
    assert run(["validate", "workshop"]) == 0
    assert run(["validate", str(example)]) == 2
    assert f"plug-in {name} 1.0" in capsys.readouterr().err


FAILS = {
    "behaviour": "        return 0.0 if self.left else self.time\n",
    "driver": "        return [frame for path",
    "kpi": "    return o.aust_ns",
    "rule": "        return float(-max(",
    "station": "        if self.left:\n",
}
"""By sort, before which line of the recipe it is to fail while it runs."""


@pytest.mark.parametrize("sort", sorted(FAILS))
def test_one_that_fails_while_it_runs(folder: Path, sort: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = FAILS[sort]
    assert line in recipe(sort)
    space = line[: len(line) - len(line.lstrip())]
    loaded(sort, folder, recipe(sort).replace(line, f"{space}_ = 1 / 0\n{line}"))
    example = folder / f"{example_of(sort)}.yaml"
    example.write_text(files_of(sort, example_of(sort))[example.name], encoding="utf-8")
    assert run(["simulate", str(example), "--quiet"]) == BUG
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert f"this is a bug of the plug-in {example_of(sort)}; please report it to its authors" in told


BASE = {
    "effect": "from futurefactory import Effect, effects\n",
    "engine": "from futurefactory import engines\n",
    "exporter": "from futurefactory import exporters\n",
    "importer": "from futurefactory import importers\n",
    "policy": "from futurefactory import Policy, PolicyConfig, policies\n",
    "profile": "from futurefactory import profiles\n",
    "server": "from futurefactory import servers\n",
    "sharing": "from futurefactory import Sharing, sharings\n",
    "tagfile": "from futurefactory import tagfiles\n",
}
UNFIT = {
    "effect": (
        '@effects.register("fog")\nclass Fog(Effect):\n    "Fog."\n    def hit(self, station): ...\n',
        "hit that takes 3 values, got (self, station)",
    ),
    "engine": ('@engines.register("idle")\nclass Idle:\n    "Idle."\n', "something that takes 2 values, got ()"),
    "exporter": (
        '@exporters.register("csv")\nclass Csv:\n    "CSV."\n    def __init__(self, out, subject, options): ...\n'
        "    def take(self, frame): ...\n    def close(self): ...\n",
        "expected Options and operations, got none",
    ),
    "importer": (
        '@importers.register("csv")\nclass Csv:\n    "CSV."\n    def detect(self, path): ...\n',
        "read that takes 2 values, got none",
    ),
    "policy": (
        '@policies.register("never")\nclass Never(Policy):\n    "Never."\n    config = PolicyConfig\n'
        "    def wanted(self): return 0\n",
        "wanted that takes 1 value, got (self)",
    ),
    "profile": ('profiles.register("loom")("a loom")\n', "expected tags and signals, got none"),
    "server": (
        '@servers.register("fins")\nclass Fins:\n    "FINS."\n    def __init__(self, plant): ...\n',
        "something that takes 3 values, got (plant)",
    ),
    "tagfile": (
        '@tagfiles.register("gsd")\nclass Gsd:\n    "GSD."\n    def __init__(self, content, connection): ...\n'
        "    def items(self): ...\n",
        "expected endings, got none",
    ),
    "sharing": (
        '@sharings.register("by_name")\nclass ByName(Sharing):\n    "By name."\n    def rank(self): return 0.0\n',
        "rank that takes 1 value, got (self)",
    ),
}
"""What is registered of each other sort and cannot be used, and what is told of it."""


@pytest.mark.parametrize("sort", sorted(UNFIT))
def test_one_of_another_sort_that_cannot_be_used(folder: Path, sort: str) -> None:
    text, told = UNFIT[sort]
    (folder / f"unfit_{sort}.py").write_text(BASE[sort] + text, encoding="utf-8")
    with pytest.raises(PluginError) as caught:
        registries()[sort]._load(EntryPoint("unfit", f"unfit_{sort}", f"futurefactory.{sort}"))
    (problem,) = caught.value.problems
    assert problem.where == f"plug-in unfit, {sort} unfit_{sort}"
    assert told in problem.got


@pytest.mark.parametrize("sort", [*sorts(), *UNFIT])
def test_one_that_brings_nothing_of_what_it_says(folder: Path, sort: str) -> None:
    (folder / f"empty_{sort}.py").write_text("", encoding="utf-8")
    with pytest.raises(PluginError, match=f"nothing that is registered as a {sort}"):
        registries()[sort]._load(EntryPoint("empty", f"empty_{sort}", f"futurefactory.{sort}"))


NONSENSE = {
    "behaviour": ("        return 0.0 if self.left else self.time\n", "        return 'soon'\n"),
    "driver": ("        return [frame for path", "        return None\n        return [frame for path"),
    "kpi": ("    return o.aust_ns", "    return 'much'\n    return o.aust_ns"),
    "rule": ("        return float(-max(", "        return object()\n        return float(-max("),
}
"""By sort, what stands in the recipe and what stands there instead: it gives what nobody can use."""


@pytest.mark.parametrize("sort", sorted(NONSENSE))
def test_one_that_gives_nonsense(folder: Path, sort: str, capsys: pytest.CaptureFixture[str]) -> None:
    there, instead = NONSENSE[sort]
    assert there in recipe(sort)
    loaded(sort, folder, recipe(sort).replace(there, instead))
    example = folder / f"{example_of(sort)}.yaml"
    example.write_text(files_of(sort, example_of(sort))[example.name], encoding="utf-8")
    assert run(["simulate", str(example), "--quiet"]) == BUG
    told = capsys.readouterr().err
    assert "this is a bug" in told.splitlines()[-1]
    assert example_of(sort) in told.splitlines()[-1]
