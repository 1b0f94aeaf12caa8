"""Bicep without its compiler: the syntax tree, and what the templates come to for given parameters."""

from tests.infra.bicep.evaluation import Opaque, Value
from tests.infra.bicep.planting import PlantIsStale, planted
from tests.infra.bicep.stack import Deployed, Stack, deploy
from tests.infra.bicep.syntax import BicepFile, Declaration, Kind
from tests.infra.bicep.templates import Templates, read_templates

__all__ = [
    "BicepFile",
    "Declaration",
    "Deployed",
    "Kind",
    "Opaque",
    "PlantIsStale",
    "Stack",
    "Templates",
    "Value",
    "deploy",
    "planted",
    "read_templates",
]
