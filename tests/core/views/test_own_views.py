"""Environments with dynamics of their own: found, preferred, and put to the kit's tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from archgym.errors import SettingError, UnknownNameError
from archgym.registry import environments
from archgym.testing import EnvironmentConformance
from archgym.views.local import LocalEnv
from archgym.views.local_vector import LocalVectorEnv
from archgym.views.making import make_env, make_team_env, make_vector_env
from archgym.views.multi_agent import DesignTeamEnv
from archgym.views.one_shot import OneShotEnv
from archgym.views.vector import OneShotVectorEnv
from tests.toys import TOYS

TOY = TOYS["toy"]
OWN = replace(
    TOY,
    id="own_views",
    make_gym="archgym.views.local:LocalEnv",
    make_vector="archgym.views.local_vector:LocalVectorEnv",
    make_team="archgym.views.multi_agent:DesignTeamEnv",
)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    environments.add(OWN.id, OWN)
    yield
    environments.remove(OWN.id)


class TestOwnViews(EnvironmentConformance):
    environment = OWN


def test_its_own_views_are_the_default_and_called_native() -> None:
    for style in (None, "native"):
        assert isinstance(make_env(OWN.id, style), LocalEnv)
        assert isinstance(make_vector_env(OWN.id, 2, style), LocalVectorEnv)
        assert isinstance(make_team_env(OWN.id, style, roles="single"), DesignTeamEnv)


def test_generic_views_are_there_as_well() -> None:
    assert isinstance(make_env(OWN.id, "one_shot"), OneShotEnv)
    assert isinstance(make_vector_env(OWN.id, 2, "one_shot"), OneShotVectorEnv)
    assert isinstance(make_team_env(OWN.id, "design"), DesignTeamEnv)


def test_what_it_does_not_bring_is_refused() -> None:
    environments.add(OWN.id, replace(TOY, id=OWN.id))
    with pytest.raises(UnknownNameError, match="native"):
        make_env(OWN.id, "native")
    with pytest.raises(UnknownNameError, match="native"):
        make_team_env(OWN.id, "native")
    with pytest.raises(SettingError, match="vectorization_mode='sync'"):
        make_vector_env(OWN.id, 2, "native")
