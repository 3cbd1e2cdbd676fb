"""A team on one design: who decides what is declared, all choose at once, rewards are credited.

First by hand through PettingZoo, then by the multi-agent learner that comes with archgym[rl].
"""

import archgym
from archgym.views.making import make_team_env

ROLES = {
    "scheduling": ["scheduler", "scheduler_buffer", "request_buffer_size"],
    "rows": ["page_policy", "address_mapping"],
}
PROBLEM = {"workload": "stream_short", "objective": "latency"}


def everyone():
    """Return the roles with one more agent that decides all that is left."""
    space = archgym.make_problem("dram", **PROBLEM).space
    taken = {name for names in ROLES.values() for name in names}
    return {**ROLES, "rest": [p.name for p in space.parameters if p.name not in taken]}


def play(rounds=5):
    """Let a team of three draw at random, each agent credited with what its own choice added."""
    team = make_team_env("dram", roles=everyone(), reward="difference", **PROBLEM)
    for agent in team.possible_agents:
        team.action_space(agent).seed(0)
    for _ in range(rounds):
        team.reset()
        actions = {agent: team.action_space(agent).sample() for agent in team.agents}
        _, rewards, *_, infos = team.step(actions)
        credited = ", ".join(f"{agent} {reward:+.3f}" for agent, reward in rewards.items())
        print(f"the design earns {infos['rows']['team_reward']:.3f}: {credited}")


def learn(budget=300):
    """Let a team of one agent per sub-system learn, with a central critic (MAPPO)."""
    problem = archgym.make_problem("dram", **PROBLEM)
    agent = archgym.make_agent("mappo", problem, seed=0, roles="subsystem")
    best = archgym.search(problem, agent, budget=budget).best
    print(f"the team found a design that earns {best['reward']:.3f}")


if __name__ == "__main__":
    play()
    learn()
