"""Synthesis pass by pass, as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from gymnasium import spaces

from archgym.cost_models.synthesis.abc_process import EngineError
from archgym.cost_models.synthesis.actions import parse_recipe
from archgym.cost_models.synthesis.columns import CANONICAL, CHAIN, LIBRARY, RECIPE
from archgym.cost_models.synthesis.libraries import find_library
from archgym.cost_models.synthesis.model import RecipeModel
from archgym.cost_models.synthesis.session import Session, State
from archgym.envs.synthesis.observations import STRUCTURE, Features, squash, structure
from archgym.envs.synthesis.parameters import Recipe
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.base import DesignEnv
from archgym.views.checks import one_of

FINAL, ABC_RL = "final", "abc_rl"
REWARDS = (FINAL, ABC_RL, "and_count", "and_level", "adp")
_REMEMBERED = 3
_SIZES = 7  # step, four ratios, two changes


class RecipeEnv(DesignEnv):
    """Choose a recipe pass by pass and see the network after each.

    Passes on the way are no evaluations: they run in the session of the cost model, where what is
    known is not run again. The finished recipe is one evaluation by way of the evaluator, which
    finds its passes done; so it is counted, cached and recorded like those of any other agent.

    **Actions**: Discrete, the passes of the setting ``actions`` in their order; one more, the
    last, ends the recipe where the setting ``stop`` allows it. An episode has ``length`` passes
    at most.

    **Observation**: float32 in [-1, 1]: the share of the length that is used; AND gates and level
    against the circuit's as loaded and against resyn2's, each x / (1 + x); their relative changes
    by the last pass; the structure of the network (`archgym.envs.synthesis.observations`); the
    last three passes, one-hot, the latest first.

    **Reward**, by ``reward``: "final", the objective's at the end, 0 before; "abc_rl", at the end
    max(-1, 1 - adp_vs_resyn2), 0 before; and per step how much was gained relative to the circuit
    as loaded in AND gates ("and_count"), in AND gates x level ("and_level"), or in adp_vs_resyn2
    ("adp", which maps at each step and costs as much as 6 to 25 passes). A recipe at which the
    engine fails ends the episode with its evaluation.

    ``info`` holds and_count, level and the recipe so far, at the end also design, metrics,
    objectives, status and error. ``reset(options={"recipe": "balance;rewrite"})`` begins after
    these passes, and `restore` goes to any recipe; `state` has the network as AIGER bytes.

    Args:
        evaluator: What evaluates the recipes and counts them; its cost model must be ABC.
        reward: One of the above.
    """

    def __init__(self, evaluator: Evaluator, reward: str = FINAL):
        super().__init__(evaluator)
        model, settings = self.problem.cost_model, self.problem.settings
        if not isinstance(model, RecipeModel):
            raise SettingError(f"style 'native' needs cost model 'abc', not {model.name!r}")
        if settings[CHAIN] != CANONICAL:
            raise SettingError(f"style 'native' needs chain={CANONICAL}: states must be networks")
        one_of("reward of style 'native'", reward, REWARDS)
        recipe = self.problem.space[RECIPE]
        assert isinstance(recipe, Recipe)
        self.actions: tuple[str, ...] = recipe.alphabet
        self.length, self._may_stop = recipe.max_length, recipe.min_length == 0
        self.session: Session = model.session(self.problem.workload)
        self._reward, self._library = reward, str(settings[LIBRARY])
        self._known: dict[bytes, Features] = {}
        self.action_space = spaces.Discrete(len(self.actions) + self._may_stop)
        size = _SIZES + STRUCTURE + _REMEMBERED * len(self.actions)
        self.observation_space = spaces.Box(-1.0, 1.0, (size,), np.float32)
        self.recipe: tuple[str, ...] = ()
        self.state: State = self.session.root
        self._before: State = self.state

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        return self.restore((options or {}).get(RECIPE, ()))

    def restore(self, recipe: str | Iterable[str]) -> tuple[Features, dict[str, Any]]:
        """Go to the network after some passes, as exact as if they were chosen one by one.

        Raises:
            SettingError: They are as many as an episode has, or more.
            EngineError: A pass fails.
        """
        passes = parse_recipe(recipe)
        if len(passes) >= self.length:
            raise SettingError(f"recipe: {len(passes)} passes, episodes have {self.length}")
        self.recipe = passes
        self.state = self._before = self.session.run(passes).state
        if passes:
            self._before = self.session.run(passes[:-1]).state
        return self._observe(), self._info()

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        index = int(action)
        if index == len(self.actions):
            return self._finish(0.0)
        self.recipe = (*self.recipe, self.actions[index])
        try:
            after = self.session.apply(self.state, self.actions[index])
            gained = self._gain(self.state, after)
        except EngineError:
            return self._finish(0.0, failed=True)
        self._before, self.state = self.state, after
        if len(self.recipe) >= self.length:
            return self._finish(gained)
        return self._observe(), gained, False, False, self._info()

    def _finish(
        self, gained: float, *, failed: bool = False
    ) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        """Evaluate the recipe."""
        codes = self.problem.space.encode([{RECIPE: self.recipe}]).codes
        _, reward, info = self._reporter.evaluate(codes)
        if self._reward == FINAL or failed or info["status"] != "ok":
            gained = reward
        elif self._reward == ABC_RL:
            gained = max(-1.0, 1.0 - (info["metrics"]["adp_vs_resyn2"] or 0.0))
        return self._observe(), gained, True, False, self._info() | info

    def _gain(self, before: State, after: State) -> float:
        if self._reward in (FINAL, ABC_RL):
            return 0.0
        value = self._value
        return value(before) - value(after)

    @property
    def _value(self) -> Callable[[State], float]:
        """What a step is to lower."""
        root = self.session.root
        if self._reward == "and_count":
            return lambda state: state.and_count / max(root.and_count, 1)
        if self._reward == "and_level":
            scale = max(root.and_count * root.level, 1)
            return lambda state: state.and_count * state.level / scale
        return self._adp_ratio

    def _adp_ratio(self, state: State) -> float:
        library = find_library(self._library)
        reference = self.session.reference(library)
        quality = self.session.map(state, library)
        scale = reference.area * reference.delay
        return quality.area * quality.delay / scale if scale > 0 else 0.0

    # -- what policies see -----------------------------------------------------------------------

    def _observe(self) -> Features:
        if self.state.digest not in self._known:
            self._known[self.state.digest] = structure(self.state.aiger)
        last = np.zeros((_REMEMBERED, len(self.actions)), dtype=np.float32)
        for at, action in enumerate(reversed(self.recipe[-_REMEMBERED:])):
            if action in self.actions:
                last[at, self.actions.index(action)] = 1.0
        sizes = np.array(self._sizes(), dtype=np.float32)
        return np.concatenate([sizes, self._known[self.state.digest], last.ravel()])

    def _sizes(self) -> list[float]:
        root, reference = self.session.root, self.session.reference_end
        ratios = [
            squash(mine / max(theirs, 1))
            for mine, theirs in (
                (self.state.and_count, root.and_count),
                (self.state.level, root.level),
                (self.state.and_count, reference.and_count),
                (self.state.level, reference.level),
            )
        ]
        changes = [
            float(np.clip((after - before) / max(before, 1), -1.0, 1.0))
            for before, after in (
                (self._before.and_count, self.state.and_count),
                (self._before.level, self.state.level),
            )
        ]
        return [min(len(self.recipe) / self.length, 1.0), *ratios, *changes]

    def _info(self) -> dict[str, Any]:
        return {
            "and_count": self.state.and_count,
            "level": self.state.level,
            RECIPE: ";".join(self.recipe),
        }
