"""The reference page is what the code says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from devices.drivers import option_problems
from devices.reference import FILE, render


def test_the_page_is_up_to_date() -> None:
    if os.environ.get("RENEW_GOLDEN"):
        FILE.write_text(render(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == render()


def test_the_examples_of_the_simulated_driver_are_accepted() -> None:
    (text,) = re.findall(r"### `driver: simulated`.*?```yaml\n(.*?)```", render(), re.S)
    assert option_problems("simulated", yaml.safe_load(text), "page") == []


def test_the_introduction_is_accepted() -> None:
    for line in re.findall(r"^device: \{.*$", render(), re.M):
        device = yaml.safe_load(line)["device"]
        assert option_problems(device["driver"], device["options"], "page") == []
    assert Path(FILE).suffix == ".md"
