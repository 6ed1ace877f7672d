"""Public names of Future Factory in one safe import, for notebooks and plug-ins.

>>> import futurefactory
>>> futurefactory.UnitState.PRODUCING.name
'PRODUCING'
"""

from scenarios.document import Scenario
from scenarios.experiments.optimisation.run import run_optimisation
from scenarios.experiments.optimisation.task import load_task
from scenarios.experiments.points import load_experiment
from scenarios.experiments.run import Resources, run_experiment
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
    "Resources",
    "Scenario",
    "ScenarioError",
    "StationConfig",
    "TagSpec",
    "UnitState",
    "load",
    "load_experiment",
    "load_task",
    "run_experiment",
    "run_optimisation",
    "stations",
]
