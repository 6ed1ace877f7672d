"""Units as people write them, in the language of the page: no codes of UCUM and no English words."""

from __future__ import annotations

import re

import pytest

from dashboards.web.texts import Language, texts
from devices.profiles import profiles
from twin.kpi.spec import kpis

CODE = re.compile(r"[a-z]{4,}|[.\[\]{}*]|Cel|Ohm|deg|^/|^1/|[a-z]\d|^u[a-zA-Z]")
"""What is no symbol yet: words, and what only UCUM writes so."""
KPI_UNITS = {kpis[kind].unit for kind in kpis.kinds()}
TAG_UNITS = {tag.unit for kind in profiles.kinds() for tag in profiles[kind].tags}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_unit_is_written_as_people_write_it(language: Language) -> None:
    words = texts(language)
    assert [unit for unit in sorted(KPI_UNITS | TAG_UNITS) if CODE.search(unit) and f"unit.{unit}" not in words] == []


def test_no_unit_is_an_english_word_or_the_code_of_a_currency_on_a_chinese_page() -> None:
    words = texts("zh")
    assert [
        unit
        for unit in KPI_UNITS | TAG_UNITS
        if re.search("[a-z]{4,}|^[A-Z]{3}$", words.get(f"unit.{unit}", unit).removeprefix("kvar"))
    ] == []
