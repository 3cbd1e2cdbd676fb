"""What a family of environments declares about itself, without importing anything heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archgym.cost_model import CostModel
from archgym.errors import UnknownNameError
from archgym.objective_spec import Spec, parse_objective
from archgym.problem import Problem
from archgym.registry import cost_model_loaders
from archgym.setting import Setting, check_settings, without_added
from archgym.space import DesignSpace

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Environment:
    """A design space, its cost models, workloads and objectives under one id.

    Attributes:
        id: ``family`` or ``family.task``.
        version: Raised when the meaning of a design or metric changes.
        description: One line for listings.
        space: Settings -> design space; that of the default workload where it depends on it.
        cost_models: Name -> (settings -> cost model); the first is the default.
        workloads: Name -> one-line description; the first is the default.
        load_workload: (name or file path, settings) -> the object that the cost model takes.
        objectives: Name -> objective as data; the first is the default.
        settings: Name -> declared setting.
        notes: Longer text for ``archgym describe``: sources, constraints, version history.
        make_gym: Import path of a Gymnasium environment class with dynamics of its own
            ("module:Class"), or empty for the generic views of the design space. It is made
            over an evaluator, as the generic ones are; its further arguments are its options.
        make_vector: The same for its native vector environment, made over an evaluator and the
            number of environments.
        make_team: The same for its PettingZoo ParallelEnv.
        space_of: (settings, loaded workload) -> design space, where the space depends on the
            workload, as that of mappings on the layer; None where it does not.
        baselines: Name -> a well-known design, which the agent ``listed`` evaluates.
        workload_suffixes: Endings of the files it loads (".aig"); in a launch a folder stands for
            its files that end so. Empty where folders are not for this environment.
        workload_features: Loaded workload -> numbers by name that decide what designs cost on
            it, the same names for all, finite and cheap to take; surrogates of several workloads
            tell these apart by them. None where there are no such numbers.
    """

    id: str
    version: int
    description: str
    space: Callable[[Settings], DesignSpace]
    cost_models: Mapping[str, Callable[[Settings], CostModel]]
    workloads: Mapping[str, str]
    load_workload: Callable[[str, Settings], Any]
    objectives: Mapping[str, Spec]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    notes: str = ""
    make_gym: str = ""
    make_vector: str = ""
    make_team: str = ""
    space_of: Callable[[Settings, Any], DesignSpace] | None = None
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    workload_suffixes: tuple[str, ...] = ()
    workload_features: Callable[[Any], Mapping[str, float]] | None = None

    @property
    def family(self) -> str:
        """Return the part of the id that names its folders."""
        return self.id.split(".")[0]

    @property
    def versioned_id(self) -> str:
        """Return the id under which stores and Gymnasium know it, for example ``dram-v0``."""
        return f"{self.id}-v{self.version}"

    def make_problem(
        self,
        workload: str | None = None,
        objective: Spec | None = None,
        cost_model: str | CostModel | None = None,
        **settings: Any,
    ) -> Problem:
        """Return a problem of this environment; what is not given takes its default.

        Raises:
            UnknownNameError: An unknown workload, objective, cost model or setting.
            SettingError: A setting or the objective has a value it cannot take.
        """
        checked = check_settings(self.settings, settings, f"environment {self.id!r}")
        name = next(iter(self.workloads)) if workload is None else str(workload)
        general = self._model(cost_model, checked, name)
        loaded = self.load_workload(name, checked)
        model = general.for_workload(loaded)
        chosen = next(iter(self.objectives)) if objective is None else objective
        space = self.space(checked) if self.space_of is None else self.space_of(checked, loaded)
        return Problem(
            env=self.versioned_id,
            space=model.admitted(space),
            cost_model=model,
            workload_name=name,
            workload=loaded,
            objective=parse_objective(chosen, self.objectives, model.metrics),
            objective_spec=chosen,
            settings=without_added(self.settings, checked),
            baselines=self.baselines,
            features_of=self.workload_features,
            environment=self,
        )

    def _model(
        self, cost_model: str | CostModel | None, settings: Settings, workload: str
    ) -> CostModel:
        """Return the model of that name.

        Loaders look up ``table:PATH`` and the like, and names of no model of ours, as an
        external tool's.
        """
        if isinstance(cost_model, CostModel):
            return cost_model
        name = next(iter(self.cost_models)) if cost_model is None else cost_model
        kind, colon, rest = name.partition(":")
        if colon or (name not in self.cost_models and name in cost_model_loaders.names()):
            model: CostModel = cost_model_loaders.get(kind)(rest, self, settings, workload)
            return model
        if name not in self.cost_models:
            raise UnknownNameError(f"cost model of {self.id!r}", name, self.cost_models)
        return self.cost_models[name](settings)
