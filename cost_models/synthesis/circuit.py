"""A circuit as ABC loads it: the workload of the synthesis cost model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Circuit:
    """A combinational circuit.

    Attributes:
        name: For messages.
        content: The file that ABC reads, as bytes.
        suffix: The format of the content: ".aig", ".blif", ".bench" or ".pla".
    """

    name: str
    content: bytes = field(repr=False)
    suffix: str = ".aig"

    @cached_property
    def digest(self) -> str:
        """Hash of what ABC reads."""
        return hashlib.sha256(self.suffix.encode() + b"\0" + self.content).hexdigest()
