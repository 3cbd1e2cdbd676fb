"""Where surrogates lie: folders by name, and those that come along."""

from __future__ import annotations

from pathlib import Path, PurePath

from archgym.cost_models.learned.card import CARD
from archgym.errors import UnknownNameError

HOME = Path("surrogates")
SHIPPED = Path(__file__).parent / "shipped"


def find(name: str) -> Path:
    """Return the folder of a surrogate given by path, by its name in ``surrogates/``, or shipped.

    Raises:
        UnknownNameError: There is none.
    """
    for folder in (Path(name).expanduser(), HOME / name, SHIPPED / name):
        if name and (folder / CARD).is_file():
            return folder
    known = [path.name for path in folders()]
    raise UnknownNameError("surrogate", name, known, "; a folder with a card.json is one, too")


def folders() -> list[Path]:
    """Return the folders of ``surrogates/`` and of those that come along."""
    return [path.parent for home in (HOME, SHIPPED) for path in sorted(home.glob(f"*/{CARD}"))]


def home_of(name: str) -> Path:
    """Return where a surrogate of that name is written: a plain name goes to ``surrogates/``."""
    return HOME / name if PurePath(name).name == name else Path(name).expanduser()
