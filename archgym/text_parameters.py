"""Parameters that users' own designs may set to a text, such as the path of a file."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.parameter import Codes
from archgym.scalar_parameters import Categorical

_HASH_BYTES = 6  # codes stay below 2**53, so that float64 holds them exactly


@dataclass(frozen=True)
class OpenChoice(Categorical):
    """One of several values, or a text with one of some prefixes; agents see the values alone.

    The code of a text is made of its hash, so it is the same in every process; the texts
    themselves travel with the parameter. A text not seen by this parameter cannot be decoded.

    Attributes:
        prefixes: What a text may begin with; an empty prefix allows any text.
        folder: What paths in texts are relative to: that of the file that gives them.
    """

    _: KW_ONLY
    prefixes: tuple[str, ...] = ("",)
    folder: str = ""
    _texts: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def allowed(self) -> str:
        texts = " or ".join(f"{p}TEXT" if p else "any text" for p in self.prefixes)
        values = [str(value) for value in (*self.values, *self.legal) if value != ""]
        return f"one of {', '.join(values)}, or {texts}" if values else texts

    def relative_to(self, folder: Path) -> None:
        """Say where paths in texts begin."""
        object.__setattr__(self, "folder", str(folder))

    def path_of(self, text: str) -> Path:
        """Return the path that a text names, its prefix left out."""
        prefix = next((p for p in self.prefixes if p and text.startswith(p)), "")
        return Path(self.folder) / text.removeprefix(prefix)

    def _parse_other(self, value: Any) -> int:
        if str(value) in map(str, self.legal):
            return super()._parse_other(value)
        if not isinstance(value, str) or not value.startswith(self.prefixes):
            raise self.refuse(value)
        hashed = int.from_bytes(sha256(value.encode()).digest()[:_HASH_BYTES], "big")
        code = len(self.values) + len(self.legal) + hashed
        self._texts[code] = value
        return code

    def decode(self, codes: Codes) -> NDArray[Any]:
        code = codes[:, 0].astype(np.int64)
        if not (code >= len(self._table)).any():
            return self._table[code]
        known = dict(enumerate(self._table.tolist())) | self._texts
        return np.array([known[c] for c in code.tolist()], dtype=object)
