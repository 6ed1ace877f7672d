"""Engineering units for OPC UA: codes of UNECE Recommendation 20.

Source: OPC 10000-8, 5.6.4.3 (EUInformation): the unit id is the code's characters, eight bits each.
"""

from __future__ import annotations

from asyncua import ua

NAMESPACE = "http://www.opcfoundation.org/UA/units/un/cefact"
NO_CODE = -1
"""Unit id of a unit that has no UNECE code (OPC 10000-8)."""

CODES: dict[str, str] = {
    "1": "C62",
    "%": "P1",
    "%RH": "P1",
    "[pH]": "Q30",
    "[ppm]": "59",
    "ppm": "59",
    "s": "SEC",
    "ms": "C26",
    "min": "MIN",
    "h": "HUR",
    "d": "DAY",
    "1/h": "H10",
    "1/d": "E91",
    "Hz": "HTZ",
    "kHz": "KHZ",
    "/min": "C94",
    "1/min": "C94",
    "mm/min": "H81",
    "mL/min": "41",
    "mg/m3": "GP",
    "g/m2": "GM",
    "kW.h": "KWH",
    "kvar.h": "K3",
    "kA": "B22",
    "mOhm": "E45",
    "MOhm": "B75",
    "rpm": "RPM",
    "m": "MTR",
    "cm": "CMT",
    "mm": "MMT",
    "um": "4H",
    "km": "KMT",
    "m2": "MTK",
    "mm2": "MMK",
    "m3": "MTQ",
    "L": "LTR",
    "l": "LTR",
    "m/s": "MTS",
    "m/min": "2X",
    "mm/s": "C16",
    "m/s2": "MSK",
    "km/h": "KMH",
    "m3/h": "MQH",
    "m3/s": "MQS",
    "L/min": "L2",
    "l/min": "L2",
    "g": "GRM",
    "kg": "KGM",
    "t": "TNE",
    "t.km": "TKM",
    "kg/h": "E93",
    "kg/m3": "KMQ",
    "mg/L": "M1",
    "N": "NEW",
    "kN": "B47",
    "N.m": "NU",
    "Nm": "NU",
    "Pa": "PAL",
    "hPa": "A97",
    "kPa": "KPA",
    "MPa": "MPA",
    "bar": "BAR",
    "mbar": "MBR",
    "mPa.s": "C24",
    "Cel": "CEL",
    "K": "KEL",
    "deg": "DD",
    "W": "WTT",
    "kW": "KWT",
    "kWh": "KWH",
    "MWh": "MWH",
    "kV.A": "KVA",
    "kVA": "KVA",
    "kvar": "KVR",
    "J": "JOU",
    "kJ": "KJO",
    "A": "AMP",
    "mA": "4K",
    "V": "VLT",
    "mV": "2Z",
    "kV": "KVT",
    "Ohm": "OHM",
    "lx": "LUX",
    "dB": "2N",
    "uS/cm": "G42",
    "S/m": "D10",
}
"""UNECE code by the symbol of our tags (UCUM style)."""


def unit_id(code: str) -> int:
    """The number of a UNECE code.

    >>> unit_id("CEL")
    4408652
    """
    number = 0
    for character in code:
        number = number << 8 | ord(character)
    return number


def unit(symbol: str) -> ua.EUInformation:
    """Engineering unit of a symbol; ``NO_CODE`` and no namespace when UNECE has none for it."""
    code = CODES.get(symbol)
    return ua.EUInformation(
        NamespaceUri=NAMESPACE if code else None,
        UnitId=unit_id(code) if code else NO_CODE,
        DisplayName=ua.LocalizedText(symbol),
        Description=ua.LocalizedText(symbol),
    )
