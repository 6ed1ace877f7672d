"""Words of the pages in one language: the catalogue, and what the vocabulary itself says."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dashboards.panel import TITLES, panels
from twin.kpi.spec import kpis
from twin.states import STATES

Language = Literal["en", "zh"]
CATALOGUE = Path(__file__).with_name("catalogue.json")


@lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, str]]:
    """The words of the pages: by key the text in each language."""
    words: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return words


@lru_cache(maxsize=2)
def texts(language: Language) -> dict[str, str]:
    """Every text of the pages in one language, with states, KPIs, panels and boards by prefix.

    >>> texts("zh")["state.PRODUCING"], texts("en")["kpi.oee"]
    ('生产', 'OEE index')
    """
    second = language == "zh"
    words = {key: text[language] for key, text in catalogue().items()}
    words |= {f"state.{state.name}": row.zh if second else row.en for state, row in STATES.items()}
    words |= {f"kpi.{kind}": kpis[kind].zh if second else kpis[kind].en for kind in kpis.kinds()}
    words |= {f"panel.{kind}": panels[kind].zh if second else panels[kind].en for kind in panels.kinds()}
    return words | {f"scope.{scope}": title[second] for scope, title in TITLES.items()}
