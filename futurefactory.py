"""Public names of Future Factory in one safe import, for notebooks and plug-ins.

>>> import futurefactory
>>> futurefactory.UnitState.PRODUCING.name
'PRODUCING'
"""

from scenarios.document import Scenario
from scenarios.loader import load
from twin.brain import Brain
from twin.config import PlantConfig, ProcessConfig, StationConfig
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, ModelError, ScenarioError
from twin.records import Frame, RecordKind
from twin.sim.plant import Plant
from twin.states import UnitState
from twin.stations import stations
from twin.tags import TagSpec

__all__ = [
    "Brain",
    "EquipmentPath",
    "FactoryError",
    "Frame",
    "ModelError",
    "Plant",
    "PlantConfig",
    "ProcessConfig",
    "RecordKind",
    "Scenario",
    "ScenarioError",
    "StationConfig",
    "TagSpec",
    "UnitState",
    "load",
    "stations",
]
