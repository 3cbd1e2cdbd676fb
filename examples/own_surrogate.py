"""A surrogate of your own: learnt from evaluations, searched in place of the model, then checked.

Needs archgym[surrogates]. The same at the command line: archgym surrogate train, then
--cost-model surrogate:NAME wherever a cost model is taken.
"""

import numpy as np

import archgym
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import Rows

ENV, WORKLOAD, OBJECTIVE = "analog.sizing", "csload", "figure_of_merit"
LEARNT, KEPT = 400, 10


def main():
    """Learn from random designs, search the surrogate, and evaluate its best designs truly."""
    problem = archgym.make_problem(ENV, WORKLOAD, OBJECTIVE)
    designs = problem.space.sample(np.random.default_rng(0), LEARNT)
    measured = problem.measure(designs)
    surrogate = learn(problem, Rows.of(designs, measured), kind="random_forest")
    for metric, score in surrogate.card.scores.items():
        print(f"{metric}: R2 {score['r2']:.3f} on designs that it has not seen")

    guessed = archgym.make_problem(ENV, WORKLOAD, OBJECTIVE, cost_model=surrogate)
    many = guessed.space.sample(np.random.default_rng(1), 20_000)
    best = np.argsort(-guessed.outcomes(many).reward)[:KEPT]

    true = problem.outcomes(many.select(best)).reward
    print(f"best of {LEARNT} random designs: {problem.score(measured).reward.max():.2f}")
    print(f"best of {KEPT} that the surrogate likes most, truly: {true.max():.2f}")


if __name__ == "__main__":
    main()
