"""Trace files: every format, every way to be wrong."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.dram.trace import content_hash, make_trace
from archgym.cost_models.dram.workloads import load_workload
from archgym.cost_models.dram.workloads.readers import read_trace
from archgym.cost_models.dram.workloads.writers import write_stl
from archgym.errors import WorkloadError


def rows(trace):
    columns = (trace.times, trace.writes, trace.addresses, trace.lengths)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def read(folder, name, text):
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, newline="")
    return read_trace(path)


STL = "# header\n\n0:\tread 0x40\r\n  12: (128) write 80 deadbeef\n \t\n12:  (8)   read\t0xFFC0\n"
STL_ROWS = [(0, 0, 0x40, 0), (12, 1, 0x80, 128), (12, 0, 0xFFC0, 8)]


@pytest.mark.parametrize("name", ["a.stl", "a.stl.gz", "a.trace", "a.rstl", "a.rstl.gz"])
def test_dramsys(tmp_path, name):
    trace = read(tmp_path, name, STL)
    assert rows(trace) == STL_ROWS
    assert trace.relative == (".rstl" in name)
    assert trace.name.endswith(name)


RAMULATOR = [
    ("0x40 R\n0x80 W\n128 R\n", [(0, 0, 0x40, 0), (0, 1, 0x80, 0), (0, 0, 128, 0)]),
    ("R 0x40\nW 64\n", [(0, 0, 0x40, 0), (0, 1, 64, 0)]),
    ("# c\nLD 0x40\nST 0X80", [(0, 0, 0x40, 0), (0, 1, 0x80, 0)]),
]


@pytest.mark.parametrize("name", ["a.ramulator", "a.ramulator.gz", "a.trace"])
@pytest.mark.parametrize(("text", "expected"), RAMULATOR)
def test_ramulator(tmp_path, name, text, expected):
    assert rows(read(tmp_path, name, text)) == expected


@pytest.mark.parametrize("name", ["a.dramsim3", "a.dramsim3.gz", "a.trace", "a.trace.gz"])
def test_dramsim3(tmp_path, name):
    text = "0x40 READ 0\n0xFFC0  WRITE 17\n80 read 18\n"
    expected = [(0, 0, 0x40, 0), (17, 1, 0xFFC0, 0), (18, 0, 0x80, 0)]
    assert rows(read(tmp_path, name, text)) == expected


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, t=np.array([3, 1]), w=np.array([True, False]), a=np.array([64, 0], np.uint32))
    assert rows(read_trace(path)) == [(3, 1, 64, 0), (1, 0, 0, 0)]


BAD_LINES = [
    ("stl", "-5: read 0x40", "cycle -5 is negative"),
    ("stl", "1.5: read 0x40", "cycle '1.5' is not a whole number"),
    ("stl", "5 read 0x40", "no ':' directly after the cycle '5'"),
    ("stl", "5: raed 0x40", "command 'raed' is neither 'read' nor 'write'"),
    ("stl", "5: READ 0x40", "command 'READ' is neither 'read' nor 'write'"),
    ("stl", "5: read 0xZZ", "address '0xZZ' is not hexadecimal"),
    ("stl", "5: read -40", "address '-40' is not hexadecimal"),
    ("stl", "5: read 0x", "address '0x' is not hexadecimal"),
    ("stl", "5: read", "the address is missing"),
    ("stl", "5:", "the command is missing"),
    ("stl", "5: (x) read 0x40", r"burst length '\(x\)' is not a whole number"),
    ("stl", "5: (0) read 0x40", "burst length 0 is not positive"),
    ("stl", "99999999999999999: read 0x40", "cycle 99999999999999999 is above"),
    ("stl", "5: read 0xffffffffffffffffff", "address ffffffffffffffffff is above"),
    ("stl", f"{'9' * 6000}: read 0x40", "cycle 9+ is above"),
    ("rstl", "x: read 0x40", "cycle 'x' is not a whole number"),
    ("ramulator", "0x40 X", "no command R, W, LD or ST"),
    ("ramulator", "0x4G R", "address '0x4G' is neither"),
    ("ramulator", "R 12ab", "address '12ab' is neither"),
    ("ramulator", "R 0,1,2,3", "address '0,1,2,3' is neither"),
    ("ramulator", "0x40 LD", "LD comes before its address"),
    ("ramulator", "0x40 R 5", "3 words where 2"),
    ("dramsim3", "0x40 READ", "2 words where 3"),
    ("dramsim3", "0x40 FETCH 5", "command 'FETCH' is neither READ nor WRITE"),
    ("dramsim3", "zz READ 5", "address 'zz' is not hexadecimal"),
    ("dramsim3", "0x40 READ -5", "cycle -5 is negative"),
    ("dramsim3", "0x40 READ soon", "cycle 'soon' is not a whole number"),
]
GOOD_LINE = {"stl": "0: read 0x0", "rstl": "0: read 0x0"} | {
    "ramulator": "0x0 R",
    "dramsim3": "0x0 READ 0",
}


@pytest.mark.parametrize(("suffix", "line", "reason"), BAD_LINES)
def test_a_malformed_line_is_refused_with_its_place(tmp_path, suffix, line, reason):
    text = f"# comment\n{GOOD_LINE[suffix]}\n\n{line}\n"
    with pytest.raises(WorkloadError, match=rf"bad\.{suffix}, line 4: .*{reason}.*allowed: "):
        read(tmp_path, f"bad.{suffix}", text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(GOOD_LINE)), st.text("0x1 :(readwRWLDS)-,\t", max_size=20))
def test_any_line_is_read_or_refused_with_a_reason(tmp_path_factory, suffix, line):
    folder = tmp_path_factory.mktemp("lines")
    try:
        trace = read(folder, f"any.{suffix}", f"{GOOD_LINE[suffix]}\n{line}\n")
    except WorkloadError as error:
        assert f"any.{suffix}, line 2: " in str(error)  # noqa: PT017
        assert ":  (" not in str(error)  # noqa: PT017
    else:
        assert len(trace) == (2 if line.strip() else 1)


@pytest.mark.parametrize("name", ["a.stl", "a.trace", "a.ramulator", "a.dramsim3", "a.stl.gz"])
@pytest.mark.parametrize("text", ["", "# nothing\n\n"])
def test_an_empty_file_is_refused(tmp_path, name, text):
    with pytest.raises(WorkloadError, match="holds no request"):
        read(tmp_path, name, text)


def test_sniffing_says_what_is_known(tmp_path):
    with pytest.raises(WorkloadError, match=r"line 2.*no known format.*DRAMSys.*DRAMsim3"):
        read(tmp_path, "a.trace", "\nhello world\n")


def test_a_later_line_of_another_format_is_refused(tmp_path):
    with pytest.raises(WorkloadError, match=r"line 2.*2 words where 3"):
        read(tmp_path, "a.trace", "0x40 READ 1\n0x40 R\n")


def test_damaged_gzip_is_refused(tmp_path):
    whole = gzip.compress(b"0: read 0x40\n" * 1000)
    (tmp_path / "cut.stl.gz").write_bytes(whole[:-20])
    (tmp_path / "fake.stl.gz").write_bytes(b"0: read 0x40\n")
    for name in ("cut.stl.gz", "fake.stl.gz"):
        with pytest.raises(WorkloadError, match="truncated or damaged gzip"):
            read_trace(tmp_path / name)


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "a.stl").write_bytes(bytes(range(256)))
    with pytest.raises(WorkloadError, match="line 1"):
        read_trace(tmp_path / "a.stl")


BAD_ARRAYS = [
    ({"t": [0], "w": [0]}, "array a is missing"),
    ({"t": [0.5], "w": [0], "a": [0]}, "array t must be a vector of whole numbers"),
    ({"t": ["x"], "w": [0], "a": [0]}, "array t must be a vector of whole numbers"),
    ({"t": [[0]], "w": [0], "a": [0]}, "array t must be a vector"),
    ({"t": 0, "w": [0], "a": [0]}, "array t must be a vector"),
    ({"t": [0, 1], "w": [0], "a": [0, 64]}, "array w has 1 entries, t has 2"),
    ({"t": [0, -1], "w": [0, 0], "a": [0, 64]}, r"t\[1\] = -1 is not within"),
    ({"t": [0], "w": [2], "a": [0]}, r"w\[0\] = 2 is not within 0 .. 1"),
    ({"t": [0], "w": [0], "a": [-64]}, r"a\[0\] = -64 is not within"),
    ({"t": [0], "w": [0], "a": [2**63]}, r"a\[0\] = 9223372036854775808 is not within"),
    ({"t": [2**60], "w": [0], "a": [0]}, r"t\[0\] = 1152921504606846976 is not within"),
]


@pytest.mark.parametrize(("arrays", "reason"), BAD_ARRAYS)
def test_wrong_arrays_are_refused(tmp_path, arrays, reason):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(WorkloadError, match=rf"bad\.npz: {reason}"):
        read_trace(tmp_path / "bad.npz")


def test_empty_and_damaged_archives_are_refused(tmp_path):
    nothing = np.array([], dtype=int)
    np.savez(tmp_path / "empty.npz", t=nothing, w=nothing, a=nothing)
    with pytest.raises(WorkloadError, match="holds no request"):
        read_trace(tmp_path / "empty.npz")
    whole = (tmp_path / "empty.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:-30])
    (tmp_path / "text.npz").write_text("0: read 0x40\n")
    np.save(tmp_path / "single.npy", np.arange(3))
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    np.savez(tmp_path / "pickled.npz", t=np.array([None]), w=[0], a=[0])
    for name in ("cut.npz", "text.npz", "single.npz", "pickled.npz"):
        with pytest.raises(WorkloadError, match=f"{name}: not a readable .npz archive"):
            read_trace(tmp_path / name)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.npz.gz", "a.gz"])
def test_unknown_endings_are_refused(tmp_path, name):
    (tmp_path / name).write_text("0: read 0x40\n")
    with pytest.raises(WorkloadError, match=r"must end in one of \.stl"):
        load_workload(str(tmp_path / name))


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(WorkloadError, match="no such trace file"):
        load_workload(str(tmp_path / "missing.stl"))
    (tmp_path / "folder.stl").mkdir()
    with pytest.raises(WorkloadError, match="not a file"):
        load_workload(str(tmp_path / "folder.stl"))


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "a.stl"
    path.write_text("0: read 0x40\n")
    first = load_workload(str(path))
    assert load_workload(str(path)) is first
    path.write_text("0: write 0x40\n1: read 0x80\n")
    assert len(load_workload(str(path))) == 2


requests = st.lists(
    st.tuples(
        st.integers(0, 2**48 - 1),
        st.integers(0, 1),
        st.integers(0, 2**40),
        st.sampled_from([0, 1, 32, 64, 2**20 - 1]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(requests, st.booleans(), st.booleans())
def test_what_is_written_reads_back_the_same(tmp_path_factory, requests, relative, zipped):
    times, writes, addresses, lengths = zip(*requests, strict=True)
    trace = make_trace("t", times, writes, addresses, lengths, relative=relative)
    name = f"t.{'rstl' if relative else 'stl'}{'.gz' if zipped else ''}"
    path = tmp_path_factory.mktemp("stl") / name
    write_stl(trace, path)
    assert content_hash(read_trace(path)) == content_hash(trace)
    once = path.read_bytes()
    write_stl(trace, path)
    assert path.read_bytes() == once
    assert [file.name for file in path.parent.iterdir()] == [name]


def test_writing_refuses_the_wrong_ending_and_lost_folders(tmp_path):
    trace = make_trace("t", [0], [0], [0])
    with pytest.raises(WorkloadError, match=r"a name in \.stl"):
        write_stl(trace, tmp_path / "t.rstl")
    with pytest.raises(WorkloadError, match="cannot be written"):
        write_stl(trace, tmp_path / "nowhere" / "t.stl")


def test_the_hash_sees_every_field_but_the_name():
    base = {"times": [1, 2], "writes": [0, 1], "addresses": [0, 64], "lengths": [0, 0]}
    changed = [
        base | {"times": [1, 3]},
        base | {"writes": [0, 0]},
        base | {"addresses": [0, 128]},
        base | {"lengths": [0, 32]},
    ]
    hashes = {content_hash(make_trace("t", **fields)) for fields in [base, *changed]}
    hashes.add(content_hash(make_trace("t", **base, relative=True)))
    assert len(hashes) == 6
    assert content_hash(make_trace("other", **base)) in hashes
