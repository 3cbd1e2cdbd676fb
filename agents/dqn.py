"""Deep Q-learning over edits or choices: stable-baselines3's DQN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.off_policy import OFF_POLICY, Rhythm, rhythm
from archgym.agents.sb3_agent import Sb3Agent
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3 import DQN

_UPDATES_PER_TARGET = 50
# All environments explore or exploit together, and exploit alike: more than one repeats itself.
_LARGEST_ENVS = 1


class DqnAgent(Sb3Agent):
    """Learns what every edit of a design, or every choice of a value, is worth.

    In the style ``local`` an action sets one axis of the current design to one value, beginning
    at the default design, and every edit is an evaluation; the reward is the improvement. In the
    style ``sequential`` an action is the value of the axis that is asked. Real axes are cut into
    levels in both. Random actions become rare as the budget is spent.

    Source: Mnih et al., Human-level control through deep reinforcement learning, Nature 518.
    """

    name = "dqn"
    summary = "Deep Q-learning (stable-baselines3) over edits of a design."
    hyperparameters: ClassVar = OFF_POLICY | {
        "style": Hyperparameter(
            "local", "edits of a design, or axis by axis", choices=("local", "sequential")
        ),
        "episode_length": Hyperparameter(
            None,
            "edits per episode; none: as many as a design has axes",
            low=1,
            high=10_000,
            log=True,
            kind=int,
        ),
        "discount": Hyperparameter(0.5, "worth of what the next edits gain", low=0.0, high=1.0),
        "exploration": Hyperparameter(
            0.8, "share of the budget over which random actions become rare", low=0.0, high=1.0
        ),
        "final_exploration": Hyperparameter(
            0.3, "share of random actions in the end", low=0.001, high=1.0
        ),
    }

    def rhythm(self, budget: int) -> Rhythm:
        """Return when and how much it learns within a budget."""
        return rhythm(self.values, budget, _LARGEST_ENVS)

    def adapt(self, model: Any, left: float) -> None:
        share, final = self.values["exploration"], self.values["final_exploration"]
        done = min((1.0 - left) / share, 1.0) if share else 1.0
        model.exploration_schedule = lambda _: 1.0 + done * (final - 1.0)

    def make_model(self, evaluator: Evaluator, budget: int) -> DQN:
        from stable_baselines3 import DQN
        from stable_baselines3.common.vec_env import VecNormalize

        from archgym.agents.sb3_vector import Sb3Vector

        values, pace = self.values, self.rhythm(budget)
        vector = Sb3Vector(self._view(evaluator, pace.n_envs))
        return DQN(
            "MlpPolicy",
            VecNormalize(vector, norm_obs=False, gamma=values["discount"]),
            learning_rate=values["learning_rate"],
            buffer_size=values["buffer"],
            batch_size=values["learning_batch"],
            learning_starts=pace.learning_starts,
            train_freq=pace.train_freq,
            gradient_steps=pace.gradient_steps,
            target_update_interval=_UPDATES_PER_TARGET * pace.n_envs,
            gamma=values["discount"],
            policy_kwargs={"net_arch": [values["width"]] * 2},
            seed=self.library_seed,
            device="cpu",
        )

    def _view(self, evaluator: Evaluator, n_envs: int) -> Any:
        from archgym.views.local_vector import LocalVectorEnv
        from archgym.views.sequential_vector import SequentialVectorEnv

        if self.values["style"] == "sequential":
            return SequentialVectorEnv(evaluator, n_envs, "discrete")
        return LocalVectorEnv(evaluator, n_envs, episode_length=self.values["episode_length"])
