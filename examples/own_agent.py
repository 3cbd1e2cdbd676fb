"""An agent of your own: keep the best design and change one parameter of it at a time."""

import numpy as np

import archgym
from archgym import Batch, encodings
from archgym.agents.base import AskTellAgent
from archgym.agents.hyperparameter import Hyperparameter


class OneChangeAgent(AskTellAgent):
    """Proposes neighbours of the best design so far that differ in one parameter."""

    name = "one_change"
    summary = "one random parameter of the best design changed at a time"
    constraint_handling = "penalty"
    hyperparameters = {"neighbours": Hyperparameter(8, "designs per round", low=1, high=1024)}

    def setup(self):
        """Start from the default design."""
        self.batch_size = self.values["neighbours"]
        self.best, self.best_reward = self.space.default, -np.inf

    def ask(self, count):
        """Return neighbours of the best design."""
        unit = np.repeat(encodings.to_unit(self.space, self.best.codes), count, axis=0)
        changed = self.rng.integers(self.space.width, size=count)
        unit[np.arange(count), changed] = self.rng.random(count)
        return Batch(self.space, encodings.from_unit(self.space, unit))

    def tell(self, batch, outcomes):
        """Remember the best design."""
        leader = int(np.argmax(outcomes.reward))
        if outcomes.reward[leader] > self.best_reward:
            self.best, self.best_reward = batch.select([leader]), outcomes.reward[leader]


if __name__ == "__main__":
    problem = archgym.make_problem("dram", workload="stream", objective="latency")
    print(archgym.search(problem, OneChangeAgent(problem, seed=1), budget=200).best)
