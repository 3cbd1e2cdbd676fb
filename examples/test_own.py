"""What everyone may ask of an agent, an environment and its cost model: run it with pytest."""

from archgym.testing import AgentConformance, CostModelConformance, EnvironmentConformance
from examples.own_agent import OneChangeAgent
from examples.own_environment import ENVIRONMENT


class TestOneChangeAgent(AgentConformance):
    """The agent of own_agent.py."""

    agent = OneChangeAgent


class TestCacheEnvironment(EnvironmentConformance):
    """The environment of own_environment.py."""

    environment = ENVIRONMENT


class TestCacheModel(CostModelConformance):
    """Its cost model, on the other workload."""

    environment = ENVIRONMENT
    workload = "large_array"
