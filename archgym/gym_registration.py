"""Registration of all environments with Gymnasium, under ``archgym/<id>-v<version>``.

``import archgym`` sees to it that it happens as soon as Gymnasium is loaded, before or after.
Where only Gymnasium is imported, ``gymnasium.make("archgym:archgym/dram-v0")`` loads archgym.
Older Gymnasium releases also find `register` through the entry point ``gymnasium.envs``.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

NAMESPACE = "archgym"


def register() -> None:
    """Register every environment that is not registered yet; call it again after adding some.

    Only descriptors are loaded; cost models are when an environment is made. One that cannot be
    loaded, for example of another package, is left out with a warning.
    """
    import gymnasium

    from archgym.registry import environments

    for name in environments.names():
        try:
            gym_id = f"{NAMESPACE}/{environments.get(name).versioned_id}"
        except Exception as error:
            warnings.warn(f"environment {name!r} cannot be registered: {error}", stacklevel=2)
            continue
        if gym_id not in gymnasium.registry:
            gymnasium.register(
                gym_id,
                entry_point="archgym.views.making:make_env",
                vector_entry_point="archgym.views.making:make_vector_env",
                kwargs={"env": name},
            )


def register_once_loaded() -> None:
    """Register now if Gymnasium is loaded, else right after it is; costs nothing without it."""
    if "gymnasium" in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, _GymnasiumFinder())


class _GymnasiumFinder(MetaPathFinder):
    """Finds Gymnasium as usual, once, and has `register` called after its code ran."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "gymnasium":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: ModuleType) -> None:
                run(module)
                register()

            setattr(spec.loader, "exec_module", run_and_register)  # noqa: B010
        return spec
