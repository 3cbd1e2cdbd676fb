"""Reading what a training run is like from a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from archgym.errors import SettingError

Recipe = TypeVar("Recipe", bound=BaseModel)


def read_recipe_file(path: Path, kind: type[Recipe]) -> Recipe:
    """Return the recipe of a YAML file.

    Args:
        path: The file.
        kind: What its fields are.

    Raises:
        SettingError: The file cannot be read or a field is wrong. Names it.
    """
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8"))
        return kind.model_validate(given)
    except (OSError, yaml.YAMLError) as error:
        raise SettingError(f"{path}: cannot be read ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"{path}, {field}: {first['msg']}") from None
