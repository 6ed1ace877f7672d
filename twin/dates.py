"""Days by their date."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator

FORM = re.compile(r"(\d{4}-)?\d\d-\d\d", re.ASCII)


def dated(text: str) -> str:
    """A day that there is; one without a year in a leap year.

    Raises:
        ValueError: There is none.

    >>> dated("2028-02-29"), dated("02-29")
    ('2028-02-29', '02-29')
    """
    try:
        if FORM.fullmatch(text):
            date.fromisoformat(text if len(text) == 10 else f"2024-{text}")
            return text
    except ValueError:
        pass
    raise ValueError(f"expected a day as yyyy-mm-dd, or mm-dd for every year, got {text!r}")


Day = Annotated[str, AfterValidator(dated)]
"""A day as ``yyyy-mm-dd``, or ``mm-dd`` in every year."""
