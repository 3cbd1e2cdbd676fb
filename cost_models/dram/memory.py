"""Memories: organisation, timing, currents and address maps of one DRAM channel."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from archgym.cost_models.dram.address import AddressMapping, address_mapping
from archgym.cost_models.dram.knobs import MAPPING_NAMES
from archgym.cost_models.dram.standard import Standard, load_standard
from archgym.errors import SettingError, UnknownNameError

# Currents and voltage without which there is no energy; those of a second rail (idd02, ..) are 0.
FIRST_RAIL = ("vdd", *(f"idd{i}" for i in ("0", "2n", "2p0", "3n", "3p0", "4r", "4w", "5", "6")))
ORGANISATION_KEYS = {  # YAML key -> attribute that must be a power of two
    "burstLength": "burst_length",
    "dataRate": "data_rate",
    "width": "bus_bytes",
    "nbrOfDevices": "bus_bytes",
    "nbrOfRanks": "ranks",
    "nbrOfPseudoChannels": "ranks",
    "nbrOfBankGroups": "groups",
    "nbrOfBanks": "banks",
    "nbrOfRows": "",
    "nbrOfColumns": "columns",
    "nbrOfChannels": "",
}
MAX_CLOCK_MHZ = 1e6  # a period of 1 ps, the resolution of the simulation
ALIASES = {"micron_1gb_ddr3_1600_8bit_g": "ddr3_1600"}


@dataclass(frozen=True)
class MemorySpec:
    """One channel of one memory.

    Attributes:
        name: Value of the setting ``memory``, or the stem of the user's file.
        standard: The rules of its standard.
        clock_mhz: Command clock.
        request_bytes: Bytes of a request that states no length.
        burst_length: Beats of a burst.
        data_rate: Beats per clock cycle.
        bus_bytes: Width of the data bus of a channel (pseudo-channel), all devices.
        devices: Devices that work in step on one rank.
        ranks: Ranks; the pseudo-channels of an HBM channel are ranks.
        groups: Bank groups of a rank.
        banks: Banks of a rank.
        rows: Rows of a bank.
        columns: Columns of a row.
        timing: Timings by JEDEC name, in clock cycles.
        power: Currents (mA per device) and voltages (V) by name; None where there are none.
        mappings: Address maps by name.
        source: Where the numbers come from.
    """

    name: str
    standard: Standard
    clock_mhz: float
    request_bytes: int
    burst_length: int
    data_rate: int
    bus_bytes: int
    devices: int
    ranks: int
    groups: int
    banks: int
    rows: int
    columns: int
    timing: Mapping[str, int]
    power: Mapping[str, float] | None
    mappings: Mapping[str, AddressMapping]
    source: str

    @property
    def burst_bytes(self) -> int:
        """Bytes that one column command moves."""
        return self.burst_length * self.bus_bytes

    @property
    def capacity_bytes(self) -> int:
        """Bytes of the whole channel."""
        return self.ranks * self.banks * self.rows * self.columns * self.bus_bytes

    @property
    def mapping_names(self) -> tuple[str, ...]:
        """Names of the address maps, in the order of the codes of ``address_mapping``."""
        others = sorted(set(self.mappings) - set(MAPPING_NAMES))
        return (*MAPPING_NAMES, *others)

    @property
    def clock_ps(self) -> int:
        """Clock period rounded to 1 ps, the resolution at which the reference simulates."""
        return round(1e6 / self.clock_mhz)

    @property
    def burst_cycles(self) -> int:
        """Clock cycles that a burst holds the data bus."""
        return self.burst_length // self.data_rate


def memory_names() -> list[str]:
    """Return the names of the memories in the package, aliases included."""
    folder = resources.files(__package__) / "memories"
    files = [Path(entry.name) for entry in folder.iterdir()]
    return sorted([f.stem for f in files if f.suffix == ".yaml"] + list(ALIASES))


def load_memory(name: str | Path) -> MemorySpec:
    """Return a memory by name, or read a user's YAML file (a name that ends in .yaml or .yml).

    Raises:
        UnknownNameError: No such memory.
        SettingError: The file cannot be read or breaks a rule; says which key and why.
    """
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return read_memory(path)
    return _packaged_memory(ALIASES.get(str(name), str(name)))


@cache
def _packaged_memory(name: str) -> MemorySpec:
    if name not in memory_names():
        raise UnknownNameError("memory", name, memory_names(), "; or give a YAML file")
    text = (resources.files(__package__) / "memories" / f"{name}.yaml").read_text("utf-8")
    return memory_from_mapping(name, yaml.safe_load(text), name)


def read_memory(path: Path) -> MemorySpec:
    """Read a memory from a YAML file in the layout of the packaged ones."""
    try:
        entry = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingError(f"memory file {path}: {reason}") from error
    if isinstance(entry, dict) and isinstance(entry.get("memories"), dict):
        if len(entry["memories"]) != 1:
            raise SettingError(f"memory file {path}: holds several memories, one is wanted")
        entry = next(iter(entry["memories"].values()))
    return memory_from_mapping(path.stem, entry, f"memory file {path}")


def memory_from_mapping(name: str, entry: Any, where: str) -> MemorySpec:
    """Build and check a memory from its YAML form.

    Raises:
        SettingError: A missing or impossible entry, a map that does not fit the organisation, or
            timings that break a relation of the standard.
    """
    if not isinstance(entry, Mapping):
        raise SettingError(f"{where}: is not a YAML mapping")
    standard = load_standard(_text(entry, "memory_type", where), where)
    organisation = _section(entry, "organisation", where)
    _known_keys(organisation, ORGANISATION_KEYS, f"{where}: organisation")
    timing = _timing(_section(entry, "timing_cycles", where), where)
    maps = _section(entry, "address_mappings", where)
    ranks = _count(organisation, "nbrOfRanks", where, 1)
    memory = MemorySpec(
        name=name,
        standard=standard,
        clock_mhz=_positive(entry, "clock_mhz", where),
        request_bytes=_count(entry, "request_bytes", where),
        burst_length=_count(organisation, "burstLength", where),
        data_rate=_count(organisation, "dataRate", where),
        bus_bytes=_bus_bytes(organisation, where),
        devices=_count(organisation, "nbrOfDevices", where, 1),
        ranks=ranks * _count(organisation, "nbrOfPseudoChannels", where, 1),
        groups=_count(organisation, "nbrOfBankGroups", where, 1),
        banks=_count(organisation, "nbrOfBanks", where),
        rows=_count(organisation, "nbrOfRows", where),
        columns=_count(organisation, "nbrOfColumns", where),
        timing=timing,
        power=_power(entry.get("power"), where),
        mappings={m: address_mapping(m, _section(maps, m, where), where) for m in maps},
        source=_text(entry, "source", where) if "source" in entry else where,
    )
    _check_geometry(memory, organisation, where)
    for mapping in memory.mappings.values():
        _check_mapping(memory, mapping, f"{where}: address_mappings.{mapping.name}")
    standard.check(timing, memory.burst_cycles, where)
    return memory


def _section(entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    section = entry.get(key)
    if not isinstance(section, Mapping) or not section:
        raise SettingError(f"{where}: {key!r} is missing or not a mapping")
    return section


def _known_keys(entry: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in entry:
        if key not in known:
            raise UnknownNameError(f"key ({where})", str(key), known)


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise SettingError(f"{where}: {key} = {value!r}: a text is wanted")
    return value


def _positive(entry: Mapping[str, Any], key: str, where: str) -> float:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise SettingError(f"{where}: {key} = {value!r}: a positive number is wanted")
    if not math.isfinite(value) or value > MAX_CLOCK_MHZ:
        raise SettingError(f"{where}: {key} = {value!r}: at most {MAX_CLOCK_MHZ:g} is possible")
    return float(value)


def _count(entry: Mapping[str, Any], key: str, where: str, default: int | None = None) -> int:
    value = entry.get(key, default)
    if type(value) is not int or value < 1:
        raise SettingError(f"{where}: {key} = {value!r}: an integer >= 1 is wanted")
    return value


def _bus_bytes(organisation: Mapping[str, Any], where: str) -> int:
    bits = _count(organisation, "width", where) * _count(organisation, "nbrOfDevices", where, 1)
    if bits % 8:
        raise SettingError(f"{where}: width x nbrOfDevices = {bits} bits is no whole byte")
    return bits // 8


def _timing(section: Mapping[str, Any], where: str) -> dict[str, int]:
    for key, value in section.items():
        if type(value) is not int or value < 0:
            raise SettingError(f"{where}: timing_cycles.{key} = {value!r}: an integer >= 0 cycles")
    return {str(key): int(value) for key, value in section.items()}


def _power(section: Any, where: str) -> dict[str, float] | None:
    if section is None:
        return None
    if not isinstance(section, Mapping):
        raise SettingError(f"{where}: power is neither null nor a mapping")
    for key, value in section.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SettingError(f"{where}: power.{key} = {value!r}: a number >= 0 is wanted")
    missing = [key for key in FIRST_RAIL if key not in section]
    if missing:
        raise SettingError(f"{where}: power lacks {', '.join(missing)} (null = no energy)")
    return {str(key): float(value) for key, value in section.items()}


def _check_geometry(memory: MemorySpec, organisation: Mapping[str, Any], where: str) -> None:
    where = f"{where}: organisation"
    if _count(organisation, "nbrOfChannels", where, 1) != 1:
        raise SettingError(
            f"{where}: nbrOfChannels = {organisation['nbrOfChannels']}: one channel is simulated"
        )
    for key, attribute in ORGANISATION_KEYS.items():
        if attribute and getattr(memory, attribute).bit_count() != 1:
            size = organisation.get(key, 1)
            raise SettingError(f"{where}: {key} = {size}: {attribute} must be a power of two")
    if memory.banks % memory.groups:
        raise SettingError(
            f"{where}: nbrOfBankGroups = {memory.groups}: must divide nbrOfBanks = {memory.banks}"
        )
    if memory.burst_length % memory.data_rate:
        raise SettingError(
            f"{where}: burstLength = {memory.burst_length}: must be a multiple of dataRate = "
            f"{memory.data_rate}"
        )
    if memory.burst_length > memory.columns:
        raise SettingError(
            f"{where}: burstLength = {memory.burst_length}: at most nbrOfColumns = "
            f"{memory.columns}"
        )


def _check_mapping(memory: MemorySpec, mapping: AddressMapping, where: str) -> None:
    fields = {
        "BYTE": memory.bus_bytes,
        "COLUMN": memory.columns,
        "BANK": memory.banks // memory.groups,
        "BANKGROUP": memory.groups,
        "ROW": memory.rows,
        "CHANNEL": 1,
    }
    for field, size in fields.items():
        bits, wanted = len(mapping.bits.get(field, ())), (size - 1).bit_length()
        if bits != wanted:
            raise SettingError(
                f"{where}: {field}_BIT has {bits} bits, the device needs {wanted} (it has {size})"
            )
    ranks = len(mapping.bits.get("RANK", ())) + len(mapping.bits.get("PSEUDOCHANNEL", ()))
    if 1 << ranks != memory.ranks:
        raise SettingError(f"{where}: {ranks} rank bits, the device has {memory.ranks} ranks")
    inside = set(mapping.bits.get("BYTE", ())) | set(mapping.bits["COLUMN"])
    if not set(range(memory.burst_bytes.bit_length() - 1)) <= inside:
        raise SettingError(f"{where}: a burst of {memory.burst_bytes} bytes leaves its row")
    if any(first < memory.burst_bytes.bit_length() - 1 for first, _ in mapping.xor):
        raise SettingError(f"{where}.XOR: changes an address bit inside a burst")
    _check_rows(memory, mapping, where)


def _check_rows(memory: MemorySpec, mapping: AddressMapping, where: str) -> None:
    """A device whose rows are no power of two is mapped one to one only with rows on top."""
    if memory.rows.bit_count() == 1:
        return
    rows = mapping.bits["ROW"]
    top = tuple(range(mapping.n_bits - len(rows), mapping.n_bits))
    if rows != top or any(first in rows for first, _ in mapping.xor):
        raise SettingError(
            f"{where}: ROW_BIT = {list(rows)}: not a bijection: {memory.rows} rows are no power "
            f"of two, so ROW_BIT must be {list(top)}, without XOR"
        )
