"""Memories and standards: read from data, checked, and refused with the reason."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from archgym.cost_models.dram import memory as memory_module
from archgym.cost_models.dram.address import FIELDS
from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.expressions import evaluate, holds
from archgym.cost_models.dram.knobs import default_design
from archgym.cost_models.dram.memory import load_memory, memory_names
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.standard import load_standard, standard_names
from archgym.cost_models.dram.timing import NO_RULE, timing_tables
from archgym.cost_models.dram.trace import make_trace
from archgym.errors import ArchgymError, SettingError, UnknownNameError, WorkloadError
from tests.cost_models.dram.reference.memory import Memory
from tests.cost_models.dram.reference.timing_rules import RULES
from tests.cost_models.dram.small_traces import random_trace, run_one, value


def entry_of(name: str) -> dict[str, Any]:
    folder = resources.files(memory_module.__package__) / "memories"
    loaded: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
    return loaded


def write(path: Path, entry: Any) -> Path:
    path.write_text(yaml.safe_dump(entry), "utf-8")
    return path


def test_capacities() -> None:
    gib = {name: load_memory(name).capacity_bytes / 2**30 for name in memory_names()}
    assert gib == {
        "ddr3_1600": 1,
        "ddr3_1600_2gb_x16": 1,
        "ddr3_1600_4gb": 4,
        "ddr3_1600_8gb": 8,
        "ddr4_1866": 4,
        "ddr4_2400": 4,
        "ddr4_2400_8gb": 8,
        "ddr4_2400_8gb_x16": 4,
        "ddr4_2666": 8,
        "ddr4_3200": 8,
        "ddr5_4800": 8,
        "ddr5_6400": 8,
        "gddr6_14000": 1,
        "hbm2": 1,
        "hbm2_1600": 2,
        "lpddr4_3200": 2,
        "lpddr4_3200_6gb": 0.75,
        "lpddr5_6400": 1,
        "micron_1gb_ddr3_1600_8bit_g": 1,
    }


def test_the_archgym_device_is_an_alias() -> None:
    assert load_memory("micron_1gb_ddr3_1600_8bit_g") is load_memory("ddr3_1600")
    assert "micron_1gb_ddr3_1600_8bit_g" in memory_names()


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="ddr4_2400"):
        load_memory("ddr4_2300")


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_users_file_behaves_like_the_packaged_memory(tmp_path: Path, wrapped: bool) -> None:
    entry = entry_of("ddr4_2400")
    path = write(tmp_path / "mine.yaml", {"memories": {"mine": entry}} if wrapped else entry)
    mine = load_memory(path)
    trace = random_trace(mine, 200, seed=1)
    assert value(run_one(mine, trace), "energy_pj") == value(
        run_one("ddr4_2400", trace), "energy_pj"
    )


def test_timing_reaches_the_simulator(tmp_path: Path) -> None:
    entry = entry_of("ddr3_1600")
    entry["timing_cycles"]["RL"] += 3
    slower = load_memory(write(tmp_path / "slow.yaml", entry))
    trace = random_trace(slower, 1, seed=0, write_share=0.0)
    difference = value(run_one(slower, trace), "mean_read_latency_ns") - value(
        run_one("ddr3_1600", trace), "mean_read_latency_ns"
    )
    assert difference == pytest.approx(3 * 1.25)


BROKEN = [
    (("timing_cycles", "RC"), 30, "RC >= RAS"),
    (("timing_cycles", "RCD"), -1, "integer >= 0"),
    (("timing_cycles", "FAW"), None, "FAW"),
    (("timing_cycles", "REFI"), 50, "REFI > RFC"),
    (("organisation", "nbrOfBanks"), 12, "power of two"),
    (("organisation", "nbrOfRows"), 8192, "ROW_BIT has 14 bits"),
    (("organisation", "nbrOfChannels"), 2, "one channel"),
    (("organisation", "burstLength"), 7, "power of two"),
    (("clock_mhz",), 0, "positive number"),
    (("memory_type",), "DDR7", "DDR7"),
    (("power",), 3, "neither null nor a mapping"),
    (("power", "idd0"), -1.0, "number >= 0"),
    (("power",), {"vdd": 1.5, "idd0": 70.0}, "lacks idd2n"),
    (("address_mappings",), {}, "address_mappings"),
    (("address_mappings", "row_bank_col", "BANK_BIT"), [13, 14, 14], "not a bijection"),
    (("clock_mhz",), 3e6, "clock_mhz = 3000000.0: at most 1e"),
    (("clock_mhz",), float("inf"), "clock_mhz = inf"),
    (("organisation", "nbrOfRank"), 2, "did you mean 'nbrOfRanks'"),
    (("organisation", "nbrOfBankGroups"), 16, "nbrOfBankGroups = 16: must divide nbrOfBanks = 8"),
    (("organisation", "dataRate"), 16, "burstLength = 8: must be a multiple of dataRate = 16"),
    (("organisation", "burstLength"), 2048, "burstLength = 2048: at most nbrOfColumns = 1024"),
    (("organisation", "width"), 3, "width = 3: bus_bytes must be a power of two"),
    (("organisation", "nbrOfRows"), 0, "nbrOfRows = 0: an integer >= 1"),
    (("organisation", "nbrOfRows"), 12288, "12288 rows are no power of two"),
    (("address_mappings", "row_bank_col", "ROW_BITS"), [3], "unknown field 'ROW_BITS'"),
    (("address_mappings", "row_bank_col", "ROW_BIT"), [*range(16, 29), 33], "belong to no field"),
    (("address_mappings", "row_bank_col", "ROW_BIT"), "16..29", "not a list of address bits"),
    (("timing_cycles", "RL"), 0, "RL = 0, but DDR3 demands RL > 0"),
    (("timing_cycles", "RC"), 37, "RC = 37, but DDR3 demands RC >= RAS [+] RP, .* is 38"),
    (("timing_cycles", "RRD"), 25, "FAW = 24, but DDR3 demands FAW >= RRD, .* is 25"),
    (("timing_cycles", "RCD"), 29, "RAS = 28, but DDR3 demands RAS >= RCD"),
    (("timing_cycles", "CCD"), 3, "CCD = 3, but DDR3 demands CCD >= tBURST, .* is 4"),
    (("timing_cycles", "RFC"), 6240, "REFI = 6240, but DDR3 demands REFI > RFC [+] RC"),
    (("timing_cycles", "WTR"), 6.5, "timing_cycles.WTR = 6.5: an integer >= 0"),
]
# The same relations under the names of the other standards.
BROKEN_TIMINGS = [
    ("ddr4_2400", "WTR_S", 10, "WTR_L = 9, but DDR4 demands WTR_L >= WTR_S"),
    ("ddr5_4800", "CCD_M", 13, "CCD_L = 12, but DDR5 demands CCD_L >= CCD_M"),
    ("ddr5_4800", "RFCSB", 711, "RFC = 710, but DDR5 demands RFC >= RFCSB"),
    ("ddr5_4800", "RC", 112, "RC = 112, but DDR5 demands RC >= RAS [+] RP"),
    ("lpddr4_3200", "RCPB", 96, "RCPB = 96, but LPDDR4 demands RCPB >= RAS [+] RPPB"),
    ("lpddr5_6400", "CCD_S", 1, "CCD_S = 1, but LPDDR5 demands CCD_S >= tBURST"),
    ("lpddr5_6400", "XSR", 167, "XSR = 167, but LPDDR5 demands XSR >= RFCAB"),
    ("hbm2", "CCDS", 1, "CCDS = 1, but HBM2 demands CCDS >= tBURST"),
    ("gddr6_14000", "RC", 79, "RC = 79, but GDDR6 demands RC >= RAS [+] RP, .* is 80"),
    ("gddr6_14000", "REFI", 290, "REFI = 290, but GDDR6 demands REFI > RFCAB [+] RC"),
]


@pytest.mark.parametrize(("keys", "wrong", "reason"), BROKEN)
def test_broken_memories_are_refused(
    tmp_path: Path, keys: tuple[str, ...], wrong: Any, reason: str
) -> None:
    entry = entry_of("ddr3_1600")
    inner = entry
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = wrong
    with pytest.raises(ArchgymError, match=reason):
        load_memory(write(tmp_path / "broken.yaml", entry))


@pytest.mark.parametrize(("name", "timing", "wrong", "reason"), BROKEN_TIMINGS)
def test_broken_timings_are_refused(
    tmp_path: Path, name: str, timing: str, wrong: int, reason: str
) -> None:
    entry = entry_of(name)
    entry["timing_cycles"][timing] = wrong
    with pytest.raises(SettingError, match=rf"broken\.yaml: timing_cycles: {reason}"):
        load_memory(write(tmp_path / "broken.yaml", entry))


@pytest.mark.parametrize("name", memory_names())
def test_maps_are_bijections(name: str) -> None:
    """Distinct addresses, the ends of the device among them, go to distinct places inside it."""
    memory = load_memory(name)
    lines = np.random.default_rng(0).integers(0, memory.capacity_bytes // memory.bus_bytes, 20_000)
    ends = [0, memory.capacity_bytes // memory.bus_bytes - 1]
    addresses = np.unique(np.concatenate([lines, ends])) * memory.bus_bytes
    for mapping in memory.mappings.values():
        fields = {field: mapping.field(addresses, field) for field in FIELDS}
        assert len(np.unique(np.stack(list(fields.values())), axis=1).T) == len(addresses)
        assert fields["ROW"].max() == memory.rows - 1
        assert fields["COLUMN"].max() < memory.columns
        assert fields["BYTE"].max() == 0


def test_a_device_without_a_power_of_two_of_rows_wraps_at_its_end() -> None:
    memory = load_memory("lpddr4_3200_6gb")
    assert memory.capacity_bytes == 768 << 20
    beyond = make_trace("t", [0, 100], [0, 0], [0, 768 << 20])
    with pytest.raises(WorkloadError, match="beyond the 805306368 bytes"):
        run_one(memory, beyond)
    design = default_design()[None]
    wrapped = simulate(memory, beyond, design, wrap_addresses=True)
    assert wrapped.metrics["n_activates"][0] == 1  # both are the first line


def test_a_burst_must_stay_in_its_row(tmp_path: Path) -> None:
    entry = entry_of("ddr3_1600")
    bits = entry["address_mappings"]["row_bank_col"]
    bits["COLUMN_BIT"][0], bits["BANK_BIT"][0] = bits["BANK_BIT"][0], bits["COLUMN_BIT"][0]
    with pytest.raises(SettingError, match="leaves its row"):
        load_memory(write(tmp_path / "broken.yaml", entry))


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"absent\.yaml"):
        load_memory(tmp_path / "absent.yaml")
    (tmp_path / "bad.yaml").write_text("a: [", "utf-8")
    with pytest.raises(SettingError, match=r"bad\.yaml"):
        load_memory(tmp_path / "bad.yaml")
    with pytest.raises(SettingError, match="not a YAML mapping"):
        load_memory(write(tmp_path / "list.yaml", [1, 2]))


def test_standards_name_only_timings_that_they_require() -> None:
    for name in standard_names():
        standard = load_standard(name)
        names = standard.names(dict.fromkeys(standard.required, 1), 4)
        for rule in standard.rules:
            evaluate(rule.interval, names)
        for relation in standard.relations:
            holds(relation, names)


def test_tables_hold_what_the_standard_says() -> None:
    tables = timing_tables(load_memory("ddr4_2400"))
    assert tables.bank[Command.ACT, Command.RD] == 16
    assert tables.group[Command.RD, Command.RD] == 6
    assert tables.rank[Command.RD, Command.RD] == 4
    assert tables.rank[Command.REFAB, Command.ACT] == 312
    assert tables.bank[Command.ACT, Command.RDA] == 16  # not tRAS: the precharge waits, not RDA
    assert tables.bank[Command.RD, Command.RDA] == NO_RULE
    assert np.array_equal(tables.bus, np.zeros(len(Command)))


@pytest.mark.parametrize("name", ["ddr5_4800", "ddr5_6400", "lpddr5_6400", "gddr6_14000"])
def test_tables_equal_those_worked_out_from_jedec_distances(name: str) -> None:
    """Rule by rule: the data of a standard against the plain controller's own derivation."""
    tables, plain = timing_tables(load_memory(name)), Memory(entry_of(name))
    expected: dict[tuple[str, str, str], int] = {}
    for later, earlier, scope, interval in RULES[plain.standard](plain.timing):
        key = (scope, earlier.upper(), later.upper())
        expected[key] = max(interval, expected.get(key, interval))
    found = {
        (scope, earlier.name, later.name): int(getattr(tables, scope)[earlier, later])
        for scope in ("bank", "group", "rank", "other")
        for earlier in Command
        for later in Command
        if getattr(tables, scope)[earlier, later] != NO_RULE
    }
    assert found == expected


def test_expressions_are_no_programs() -> None:
    assert evaluate("max(RL + 2, 3) - WL", {"RL": 5, "WL": 1}) == 6
    for text in ("__import__('os')", "RL ** 2", "RL.x", "1.5"):
        with pytest.raises(ValueError, match="not allowed"):
            evaluate(text, {"RL": 5})
