"""What a trial needs while it runs: cores, memory, accelerators, what else a cluster names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr

MEBIBYTE = 2**20
_STATUS = Path("/proc/self/status")

Amount = Annotated[float, Field(ge=0, strict=True)]


class Resources(BaseModel):
    """The block ``resources`` of a launch or of one of its agents.

    Attributes:
        cores: Cores that are kept for one trial; its worker computes with one thread all the same.
        memory_mib: Memory that a trial may take beyond what its worker holds; None sets no limit.
        gpus: Accelerators, or a share of one.
        custom: Name -> amount of what the nodes of a cluster offer, as ``ray start --resources``
            names it; a Ray on this machine alone offers whatever is asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cores: Annotated[float, Field(gt=0, strict=True)] = 1.0
    memory_mib: Annotated[int, Field(gt=0, strict=True)] | None = None
    gpus: Amount = 0.0
    custom: Mapping[StrictStr, Amount] = {}

    @property
    def ray_options(self) -> dict[str, Any]:
        """The options of a Ray task that asks for this."""
        options: dict[str, Any] = {"num_cpus": self.cores, "num_gpus": self.gpus}
        options["resources"] = dict(self.custom)
        if self.memory_mib is not None:
            options["memory"] = self.memory_mib * MEBIBYTE
        return options

    @property
    def demand(self) -> dict[str, float]:
        """The same by the names that Ray's nodes list."""
        memory = (self.memory_mib or 0) * MEBIBYTE
        asked = {"CPU": self.cores, "memory": memory, "GPU": self.gpus, **self.custom}
        return {name: float(amount) for name, amount in asked.items() if amount}


DEFAULT = Resources()


@contextmanager
def memory_limit(memory_mib: int | None) -> Iterator[None]:
    """Let this process, and those it starts, take only so much memory more; Linux alone heeds it.

    Beyond it memory is refused (MemoryError) instead of taken from the other trials of a machine.
    """
    if memory_mib is None or not _STATUS.exists():
        yield
        return
    # Absent on Windows.
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _data_bytes() + memory_mib * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int:
    (line,) = (t for t in _STATUS.read_text().splitlines() if t.startswith("VmData:"))
    return int(line.split()[1]) * 1024
