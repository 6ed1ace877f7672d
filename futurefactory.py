"""Public names of Future Factory in one safe import, for notebooks and plug-ins.

A name is imported when it is first asked for, so a plug-in may use this module while the platform loads it, and nobody
waits for what is not used.

>>> import futurefactory
>>> futurefactory.UnitState.PRODUCING.name
'PRODUCING'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import Field as Field

    from brokers.connectors import Connector as Connector
    from brokers.connectors import connectors as connectors
    from brokers.contract import check_connector as check_connector
    from brokers.contract import check_store as check_store
    from brokers.counterpart import PLAIN as PLAIN
    from brokers.counterpart import Counterpart as Counterpart
    from brokers.ends import LinkPublisherBase as LinkPublisherBase
    from brokers.ends import LinkSourceBase as LinkSourceBase
    from brokers.links import LinkPublisher as LinkPublisher
    from brokers.links import LinkSource as LinkSource
    from brokers.links import mark_payload as mark_payload
    from brokers.links import pieces as pieces
    from brokers.links import read_mark as read_mark
    from brokers.packing import packed as packed
    from brokers.packing import unpacked as unpacked
    from brokers.stores import Store as Store
    from brokers.stores import StoreUrl as StoreUrl
    from brokers.stores import open_store as open_store
    from brokers.stores import stores as stores
    from brokers.stores._indexed import IndexedStore as IndexedStore
    from dashboards.grafana.render import dashboard as grafana_board
    from dashboards.panel import Events as ShowsEvents
    from dashboards.panel import Kpi as ShowsKpi
    from dashboards.panel import PanelSpec as PanelSpec
    from dashboards.panel import Picture as Picture
    from dashboards.panel import Scope as Scope
    from dashboards.panel import Telemetry as ShowsTelemetry
    from dashboards.panel import Threshold as Threshold
    from dashboards.panel import board as board
    from dashboards.panel import panel as panel
    from dashboards.panel import panels as panels
    from devices.connection import ALIVE_S as ALIVE_S
    from devices.connection import BrowsedItem as BrowsedItem
    from devices.connection import ConnectionOptions as ConnectionOptions
    from devices.connection import DataValue as DataValue
    from devices.connection import HostOptions as HostOptions
    from devices.connection import MachineConnection as MachineConnection
    from devices.connection import Wanted as Wanted
    from devices.connections import connections as connections
    from devices.drivers import drivers as drivers
    from devices.profiles import profiles as profiles
    from devices.secret import Secret as Secret
    from devices.served import ServedPlant as ServedPlant
    from devices.servers import servers as servers
    from devices.signals.signal import Profile as Profile
    from devices.signals.signal import Signal as Signal
    from devices.tagfiles import tagfiles as tagfiles
    from devices.unit import DeviceUnit as DeviceUnit
    from devices.unit import Driver as Driver
    from devices.unit import Setting as DriverSetting
    from devices.unit import Tick as Tick
    from scenarios.experiments.engines import engines as engines
    from scenarios.experiments.optimisation.checked import load_optimisation as load_optimisation
    from scenarios.experiments.optimisation.run import run_optimisation as run_optimisation
    from scenarios.experiments.points import load_experiment as load_experiment
    from scenarios.experiments.run import Resources as Resources
    from scenarios.experiments.run import run_experiment as run_experiment
    from scenarios.exporters import exporters as exporters
    from scenarios.format.document import Scenario as Scenario
    from scenarios.headless.simulation import Simulation as Simulation
    from scenarios.headless.simulation import simulate as simulate
    from scenarios.importers import importers as importers
    from scenarios.loader import load as load
    from twin.basis import Config as Config
    from twin.behaviours.behaviour import Behaviour as Behaviour
    from twin.behaviours.breakable import Breakable as Breakable
    from twin.behaviours.life import Life as Life
    from twin.behaviours.passage import Passage as Passage
    from twin.behaviours.processor import Processor as Processor
    from twin.behaviours.resource import Resource as Resource
    from twin.behaviours.resource import ResourceConfig as ResourceConfig
    from twin.behaviours.shelf import Storing as Storing
    from twin.behaviours.task import Task as Task
    from twin.behaviours.workplace import Slot as Slot
    from twin.behaviours.workplace import Stage as Stage
    from twin.behaviours.workplace import Workplace as Workplace
    from twin.brain import Brain as Brain
    from twin.config.behaviours import BehaviourConfig as BehaviourConfig
    from twin.config.behaviours import behaviours as behaviours
    from twin.config.plant import FailureConfig as FailureConfig
    from twin.config.plant import Identifier as Identifier
    from twin.config.plant import PlantConfig as PlantConfig
    from twin.config.plant import ProcessConfig as ProcessConfig
    from twin.config.plant import Reference as Reference
    from twin.config.plant import SiteConfig as SiteConfig
    from twin.config.plant import StationConfig as StationConfig
    from twin.control.lot import PoolMember as PoolMember
    from twin.control.lot import RoutedLot as RoutedLot
    from twin.control.rules import NOT_NOW as NOT_NOW
    from twin.control.rules import Rule as Rule
    from twin.control.rules import RuleConfig as RuleConfig
    from twin.control.rules import rules as rules
    from twin.distributions import Distribution as Distribution
    from twin.distributions import Durations as Durations
    from twin.distributions import Intervals as Intervals
    from twin.effects import effects as effects
    from twin.engine.effect import Command as Command
    from twin.engine.effect import Effect as Effect
    from twin.engine.effect import Scene as Scene
    from twin.engine.station import WAIT as WAIT
    from twin.engine.station import Load as Load
    from twin.engine.station import Lot as Lot
    from twin.engine.station import Part as Part
    from twin.engine.station import Setting as Setting
    from twin.engine.station import Station as Station
    from twin.equipment import EquipmentPath as EquipmentPath
    from twin.errors import FactoryError as FactoryError
    from twin.errors import FatalError as FatalError
    from twin.errors import ModelError as ModelError
    from twin.errors import Problem as Problem
    from twin.errors import ProblemsError as ProblemsError
    from twin.errors import RetriableError as RetriableError
    from twin.errors import ScenarioError as ScenarioError
    from twin.errors import StoreError as StoreError
    from twin.instants import Instant as Instant
    from twin.kpi.observed import Observed as Observed
    from twin.kpi.spec import Figure as Figure
    from twin.kpi.spec import KpiSpec as KpiSpec
    from twin.kpi.spec import kpi as kpi
    from twin.kpi.spec import kpis as kpis
    from twin.plant.plant import Plant as Plant
    from twin.ports import Delivery as Delivery
    from twin.ports import Mark as Mark
    from twin.quantities import Count as Count
    from twin.quantities import Duration as Duration
    from twin.quantities import Energy as Energy
    from twin.quantities import Length as Length
    from twin.quantities import Power as Power
    from twin.quantities import Ratio as Ratio
    from twin.quantities import Speed as Speed
    from twin.quantities import Volume as Volume
    from twin.records import BAD as BAD
    from twin.records import GOOD as GOOD
    from twin.records import Frame as Frame
    from twin.records import RecordKind as RecordKind
    from twin.records import records as records
    from twin.records import telemetry as telemetry
    from twin.sharing import Sharing as Sharing
    from twin.sharing import sharings as sharings
    from twin.states import UnitState as UnitState
    from twin.stations import stations as stations
    from twin.stations.machine import MachineConfig as MachineConfig
    from twin.streams import Stream as Stream
    from twin.supply.policies import Policy as Policy
    from twin.supply.policies import PolicyConfig as PolicyConfig
    from twin.supply.policies import Stock as Stock
    from twin.supply.policies import policies as policies
    from twin.tags import TagSpec as TagSpec

_HOMES = {
    "ALIVE_S": ("devices.connection", "ALIVE_S"),
    "BAD": ("twin.records", "BAD"),
    "Behaviour": ("twin.behaviours.behaviour", "Behaviour"),
    "BehaviourConfig": ("twin.config.behaviours", "BehaviourConfig"),
    "Brain": ("twin.brain", "Brain"),
    "Breakable": ("twin.behaviours.breakable", "Breakable"),
    "BrowsedItem": ("devices.connection", "BrowsedItem"),
    "Command": ("twin.engine.effect", "Command"),
    "Config": ("twin.basis", "Config"),
    "ConnectionOptions": ("devices.connection", "ConnectionOptions"),
    "Connector": ("brokers.connectors", "Connector"),
    "Count": ("twin.quantities", "Count"),
    "Counterpart": ("brokers.counterpart", "Counterpart"),
    "DataValue": ("devices.connection", "DataValue"),
    "Delivery": ("twin.ports", "Delivery"),
    "DeviceUnit": ("devices.unit", "DeviceUnit"),
    "Distribution": ("twin.distributions", "Distribution"),
    "Driver": ("devices.unit", "Driver"),
    "DriverSetting": ("devices.unit", "Setting"),
    "Duration": ("twin.quantities", "Duration"),
    "Durations": ("twin.distributions", "Durations"),
    "Effect": ("twin.engine.effect", "Effect"),
    "Energy": ("twin.quantities", "Energy"),
    "EquipmentPath": ("twin.equipment", "EquipmentPath"),
    "FactoryError": ("twin.errors", "FactoryError"),
    "FailureConfig": ("twin.config.plant", "FailureConfig"),
    "FatalError": ("twin.errors", "FatalError"),
    "Field": ("pydantic", "Field"),
    "Figure": ("twin.kpi.spec", "Figure"),
    "Frame": ("twin.records", "Frame"),
    "GOOD": ("twin.records", "GOOD"),
    "HostOptions": ("devices.connection", "HostOptions"),
    "Identifier": ("twin.config.plant", "Identifier"),
    "IndexedStore": ("brokers.stores._indexed", "IndexedStore"),
    "Instant": ("twin.instants", "Instant"),
    "Intervals": ("twin.distributions", "Intervals"),
    "KpiSpec": ("twin.kpi.spec", "KpiSpec"),
    "Length": ("twin.quantities", "Length"),
    "Life": ("twin.behaviours.life", "Life"),
    "LinkPublisher": ("brokers.links", "LinkPublisher"),
    "LinkPublisherBase": ("brokers.ends", "LinkPublisherBase"),
    "LinkSource": ("brokers.links", "LinkSource"),
    "LinkSourceBase": ("brokers.ends", "LinkSourceBase"),
    "Load": ("twin.engine.station", "Load"),
    "Lot": ("twin.engine.station", "Lot"),
    "MachineConfig": ("twin.stations.machine", "MachineConfig"),
    "MachineConnection": ("devices.connection", "MachineConnection"),
    "Mark": ("twin.ports", "Mark"),
    "ModelError": ("twin.errors", "ModelError"),
    "NOT_NOW": ("twin.control.rules", "NOT_NOW"),
    "Observed": ("twin.kpi.observed", "Observed"),
    "PLAIN": ("brokers.counterpart", "PLAIN"),
    "PanelSpec": ("dashboards.panel", "PanelSpec"),
    "Part": ("twin.engine.station", "Part"),
    "Passage": ("twin.behaviours.passage", "Passage"),
    "Picture": ("dashboards.panel", "Picture"),
    "Plant": ("twin.plant.plant", "Plant"),
    "PlantConfig": ("twin.config.plant", "PlantConfig"),
    "Policy": ("twin.supply.policies", "Policy"),
    "PolicyConfig": ("twin.supply.policies", "PolicyConfig"),
    "PoolMember": ("twin.control.lot", "PoolMember"),
    "Power": ("twin.quantities", "Power"),
    "Problem": ("twin.errors", "Problem"),
    "ProblemsError": ("twin.errors", "ProblemsError"),
    "ProcessConfig": ("twin.config.plant", "ProcessConfig"),
    "Processor": ("twin.behaviours.processor", "Processor"),
    "Profile": ("devices.signals.signal", "Profile"),
    "Ratio": ("twin.quantities", "Ratio"),
    "RecordKind": ("twin.records", "RecordKind"),
    "Reference": ("twin.config.plant", "Reference"),
    "Resource": ("twin.behaviours.resource", "Resource"),
    "ResourceConfig": ("twin.behaviours.resource", "ResourceConfig"),
    "Resources": ("scenarios.experiments.run", "Resources"),
    "RetriableError": ("twin.errors", "RetriableError"),
    "RoutedLot": ("twin.control.lot", "RoutedLot"),
    "Rule": ("twin.control.rules", "Rule"),
    "RuleConfig": ("twin.control.rules", "RuleConfig"),
    "Scenario": ("scenarios.format.document", "Scenario"),
    "ScenarioError": ("twin.errors", "ScenarioError"),
    "Scene": ("twin.engine.effect", "Scene"),
    "Scope": ("dashboards.panel", "Scope"),
    "Secret": ("devices.secret", "Secret"),
    "ServedPlant": ("devices.served", "ServedPlant"),
    "Setting": ("twin.engine.station", "Setting"),
    "Sharing": ("twin.sharing", "Sharing"),
    "ShowsEvents": ("dashboards.panel", "Events"),
    "ShowsKpi": ("dashboards.panel", "Kpi"),
    "ShowsTelemetry": ("dashboards.panel", "Telemetry"),
    "Signal": ("devices.signals.signal", "Signal"),
    "Simulation": ("scenarios.headless.simulation", "Simulation"),
    "SiteConfig": ("twin.config.plant", "SiteConfig"),
    "Slot": ("twin.behaviours.workplace", "Slot"),
    "Speed": ("twin.quantities", "Speed"),
    "Stage": ("twin.behaviours.workplace", "Stage"),
    "Station": ("twin.engine.station", "Station"),
    "StationConfig": ("twin.config.plant", "StationConfig"),
    "Stock": ("twin.supply.policies", "Stock"),
    "Store": ("brokers.stores", "Store"),
    "StoreError": ("twin.errors", "StoreError"),
    "StoreUrl": ("brokers.stores", "StoreUrl"),
    "Storing": ("twin.behaviours.shelf", "Storing"),
    "Stream": ("twin.streams", "Stream"),
    "TagSpec": ("twin.tags", "TagSpec"),
    "Task": ("twin.behaviours.task", "Task"),
    "Threshold": ("dashboards.panel", "Threshold"),
    "Tick": ("devices.unit", "Tick"),
    "UnitState": ("twin.states", "UnitState"),
    "Volume": ("twin.quantities", "Volume"),
    "WAIT": ("twin.engine.station", "WAIT"),
    "Wanted": ("devices.connection", "Wanted"),
    "Workplace": ("twin.behaviours.workplace", "Workplace"),
    "behaviours": ("twin.config.behaviours", "behaviours"),
    "board": ("dashboards.panel", "board"),
    "check_connector": ("brokers.contract", "check_connector"),
    "check_store": ("brokers.contract", "check_store"),
    "connections": ("devices.connections", "connections"),
    "connectors": ("brokers.connectors", "connectors"),
    "drivers": ("devices.drivers", "drivers"),
    "effects": ("twin.effects", "effects"),
    "engines": ("scenarios.experiments.engines", "engines"),
    "exporters": ("scenarios.exporters", "exporters"),
    "grafana_board": ("dashboards.grafana.render", "dashboard"),
    "importers": ("scenarios.importers", "importers"),
    "kpi": ("twin.kpi.spec", "kpi"),
    "kpis": ("twin.kpi.spec", "kpis"),
    "load": ("scenarios.loader", "load"),
    "load_experiment": ("scenarios.experiments.points", "load_experiment"),
    "load_optimisation": ("scenarios.experiments.optimisation.checked", "load_optimisation"),
    "mark_payload": ("brokers.links", "mark_payload"),
    "open_store": ("brokers.stores", "open_store"),
    "packed": ("brokers.packing", "packed"),
    "panel": ("dashboards.panel", "panel"),
    "panels": ("dashboards.panel", "panels"),
    "pieces": ("brokers.links", "pieces"),
    "policies": ("twin.supply.policies", "policies"),
    "profiles": ("devices.profiles", "profiles"),
    "read_mark": ("brokers.links", "read_mark"),
    "records": ("twin.records", "records"),
    "rules": ("twin.control.rules", "rules"),
    "run_experiment": ("scenarios.experiments.run", "run_experiment"),
    "run_optimisation": ("scenarios.experiments.optimisation.run", "run_optimisation"),
    "servers": ("devices.servers", "servers"),
    "sharings": ("twin.sharing", "sharings"),
    "simulate": ("scenarios.headless.simulation", "simulate"),
    "stations": ("twin.stations", "stations"),
    "stores": ("brokers.stores", "stores"),
    "tagfiles": ("devices.tagfiles", "tagfiles"),
    "telemetry": ("twin.records", "telemetry"),
    "unpacked": ("brokers.packing", "unpacked"),
}
"""Module and name there, by public name."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"futurefactory has no {name!r}")
    module, own = _HOMES[name]
    found = globals()[name] = getattr(importlib.import_module(module), own)
    return found


def __dir__() -> list[str]:
    return __all__


__all__ = [  # noqa: RUF022 - in plain order
    "ALIVE_S",
    "BAD",
    "Behaviour",
    "BehaviourConfig",
    "Brain",
    "Breakable",
    "BrowsedItem",
    "Command",
    "Config",
    "ConnectionOptions",
    "Connector",
    "Count",
    "Counterpart",
    "DataValue",
    "Delivery",
    "DeviceUnit",
    "Distribution",
    "Driver",
    "DriverSetting",
    "Duration",
    "Durations",
    "Effect",
    "Energy",
    "EquipmentPath",
    "FactoryError",
    "FailureConfig",
    "FatalError",
    "Field",
    "Figure",
    "Frame",
    "GOOD",
    "HostOptions",
    "Identifier",
    "IndexedStore",
    "Instant",
    "Intervals",
    "KpiSpec",
    "Length",
    "Life",
    "LinkPublisher",
    "LinkPublisherBase",
    "LinkSource",
    "LinkSourceBase",
    "Load",
    "Lot",
    "MachineConfig",
    "MachineConnection",
    "Mark",
    "ModelError",
    "NOT_NOW",
    "Observed",
    "PLAIN",
    "PanelSpec",
    "Part",
    "Passage",
    "Picture",
    "Plant",
    "PlantConfig",
    "Policy",
    "PolicyConfig",
    "PoolMember",
    "Power",
    "Problem",
    "ProblemsError",
    "ProcessConfig",
    "Processor",
    "Profile",
    "Ratio",
    "RecordKind",
    "Reference",
    "Resource",
    "ResourceConfig",
    "Resources",
    "RetriableError",
    "RoutedLot",
    "Rule",
    "RuleConfig",
    "Scenario",
    "ScenarioError",
    "Scene",
    "Scope",
    "Secret",
    "ServedPlant",
    "Setting",
    "Sharing",
    "ShowsEvents",
    "ShowsKpi",
    "ShowsTelemetry",
    "Signal",
    "Simulation",
    "SiteConfig",
    "Slot",
    "Speed",
    "Stage",
    "Station",
    "StationConfig",
    "Stock",
    "Store",
    "StoreError",
    "StoreUrl",
    "Storing",
    "Stream",
    "TagSpec",
    "Task",
    "Threshold",
    "Tick",
    "UnitState",
    "Volume",
    "WAIT",
    "Wanted",
    "Workplace",
    "behaviours",
    "board",
    "check_connector",
    "check_store",
    "connections",
    "connectors",
    "drivers",
    "effects",
    "engines",
    "exporters",
    "grafana_board",
    "importers",
    "kpi",
    "kpis",
    "load",
    "load_experiment",
    "load_optimisation",
    "mark_payload",
    "open_store",
    "packed",
    "panel",
    "panels",
    "pieces",
    "policies",
    "profiles",
    "read_mark",
    "records",
    "rules",
    "run_experiment",
    "run_optimisation",
    "servers",
    "sharings",
    "simulate",
    "stations",
    "stores",
    "tagfiles",
    "telemetry",
    "unpacked",
]
