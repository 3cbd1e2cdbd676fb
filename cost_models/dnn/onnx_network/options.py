"""How an ONNX file is read: open dimensions, and what to do about unsupported operators."""

from __future__ import annotations

from dataclasses import dataclass

from archgym.errors import SettingError

REFUSE, SKIP = "refuse", "skip"


@dataclass(frozen=True)
class OnnxOptions:
    """Options of a file; the defaults suit one whose shapes are all fixed.

    Attributes:
        unsupported: `REFUSE` a file with operators that cost MACs but have no layer, or `SKIP`
            them, which leaves their costs out.
        batch: Size of the first dimension of each input, where the file leaves it open.
        dims: (name, size) of further open dimensions.
    """

    unsupported: str = REFUSE
    batch: int | None = None
    dims: tuple[tuple[str, int], ...] = ()


def parse_dims(text: str) -> tuple[tuple[str, int], ...]:
    """Return the pairs of a text such as ``batch=1,sequence=128``.

    Raises:
        SettingError: The text is not well formed, or names a dimension twice.
    """
    pairs = [_parse_pair(pair) for pair in text.split(",") if pair.strip()]
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"setting 'dims': {name!r} is given twice")
    return tuple(pairs)


def _parse_pair(pair: str) -> tuple[str, int]:
    name, sign, size = (part.strip() for part in pair.partition("="))
    if not name or not sign or not size.isdecimal() or int(size) < 1:
        raise SettingError(
            f"setting 'dims': {pair.strip()!r} is not NAME=SIZE with a size >= 1, as in"
            " batch=1,sequence=128"
        )
    return name, int(size)
