"""The report of a study: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from scenarios.experiments.report.page import page
from scenarios.experiments.report.sections import sections
from scenarios.experiments.results import Results


def write_report(results: Results, path: Path) -> None:
    """Write the report of an experiment."""
    config = results.experiment.config
    path.write_text(page(config.title, config.description, sections(results)), encoding="utf-8")
