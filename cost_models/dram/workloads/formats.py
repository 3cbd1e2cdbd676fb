"""The text formats of memory traces, one request per line.

Sources: DRAMSys 5.0 (trace player, ``.stl``), Ramulator 1 and 2.1 (memory traces, load-store and
read-write), DRAMsim3 (trace CPU).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.dram.trace import Trace, make_trace
from archgym.errors import WorkloadError

# Cycles are multiplied by the clock period in ps further on and must stay within 64 bits then.
MAX_CYCLE = (1 << 48) - 1
MAX_ADDRESS = (1 << 62) - 1
MAX_LENGTH = (1 << 20) - 1
_LONGEST_NUMBER = 64

Request = tuple[int, int, int, int]  # cycle, write, address, length in bytes (0: one burst)


class _MalformedError(Exception):
    """The reason why a line is no request."""


@dataclass(frozen=True)
class LineFormat:
    """How one line is written.

    Attributes:
        name: What messages call it.
        grammar: What is allowed, for messages.
        pattern: Matches a well-formed line (and nothing else).
        request: Makes a request of the pattern's groups.
        diagnose: Says what is wrong with the blank-separated words of a line without match.
    """

    name: str
    grammar: str
    pattern: re.Pattern[str]
    request: Callable[[tuple[str, ...]], Request]
    diagnose: Callable[[Sequence[str]], str]


def parse_lines(path: str, lines: Sequence[str], layout: LineFormat, *, relative: bool) -> Trace:
    """Return the trace in the lines; comments (``#``) and empty lines are skipped.

    Raises:
        WorkloadError: A line is malformed, or there is no request.
    """
    columns = tuple(array("q") for _ in range(4))
    appends = tuple(column.append for column in columns)
    match, request = layout.pattern.match, layout.request
    for number, line in enumerate(lines, start=1):
        found = match(line)
        if found is None:
            if _is_data(line):
                raise _malformed(path, number, line, layout, layout.diagnose(line.split()))
            continue
        try:
            values = request(found.groups())
        except _MalformedError as reason:
            raise _malformed(path, number, line, layout, str(reason)) from None
        for append, value in zip(appends, values, strict=True):
            append(value)
    if not columns[0]:
        raise WorkloadError(f"{path}: the file holds no request (allowed: {layout.grammar})")
    times, writes, addresses, lengths = (np.frombuffer(c, dtype=np.int64) for c in columns)
    return make_trace(path, times, writes, addresses, lengths, relative=relative)


def sniff(path: str, lines: Sequence[str]) -> LineFormat:
    """Return the format of the first data line.

    Raises:
        WorkloadError: It is in none of the formats, or there is none.
    """
    grammars = "; ".join(f"{layout.name}: {layout.grammar}" for layout in FORMATS.values())
    for number, line in enumerate(lines, start=1):
        if _is_data(line):
            for layout in FORMATS.values():
                if layout.pattern.match(line):
                    return layout
            raise WorkloadError(
                f"{path}, line {number}: {_shown(line)} is in no known format ({grammars})"
            )
    raise WorkloadError(f"{path}: the file holds no request (allowed: {grammars})")


def _is_data(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#")


def _malformed(
    path: str, number: int, line: str, layout: LineFormat, reason: str
) -> WorkloadError:
    return WorkloadError(
        f"{path}, line {number}: {_shown(line)}: {reason} (allowed: {layout.grammar})"
    )


def _shown(line: str, longest: int = 80) -> str:
    text = line.rstrip("\r\n")
    return repr(text if len(text) <= longest else text[:longest] + "...")


def _number(what: str, text: str, highest: int, base: int = 10) -> int:
    # Python refuses to read numbers of thousands of digits; none of that length is in range.
    value = int(text, base) if len(text) <= _LONGEST_NUMBER else highest + 1
    if value > highest:
        raise _MalformedError(f"{what} {text[:_LONGEST_NUMBER]} is above {highest}")
    return value


# -- DRAMSys --------------------------------------------------------------------------------------


def _stl_request(groups: tuple[str, ...]) -> Request:
    cycle, length, command, address = groups
    count = 0 if length is None else _number("burst length", length, MAX_LENGTH)
    if length is not None and count == 0:
        raise _MalformedError("burst length 0 is not positive")
    return (
        _number("cycle", cycle, MAX_CYCLE),
        int(command == "write"),
        _number("address", address, MAX_ADDRESS, base=16),
        count,
    )


def _diagnose_stl(words: Sequence[str]) -> str:
    cycle, *rest = words
    if not cycle.endswith(":"):
        return f"no ':' directly after the cycle {cycle!r}"
    if reason := _no_cycle(cycle[:-1]):
        return reason
    if rest and rest[0].startswith("("):
        if not re.fullmatch(r"\(\d+\)", rest[0], re.ASCII):
            return f"burst length {rest[0]!r} is not a whole number in parentheses"
        rest = rest[1:]
    if not rest:
        return "the command is missing"
    if rest[0] not in ("read", "write"):
        return f"command {rest[0]!r} is neither 'read' nor 'write'"
    return _no_address(rest[1:])


# -- Ramulator ------------------------------------------------------------------------------------

_RAMULATOR_WRITES = {"R": 0, "W": 1, "LD": 0, "ST": 1}


def _ramulator_request(groups: tuple[str, ...]) -> Request:
    leading, address_first, address_last, trailing = groups
    address = address_first or address_last
    base = 16 if address[:2] in ("0x", "0X") else 10
    value = _number("address", address, MAX_ADDRESS, base)
    # These traces have no time: a request is offered as soon as the one before is accepted.
    return 0, _RAMULATOR_WRITES[leading or trailing], value, 0


def _diagnose_ramulator(words: Sequence[str]) -> str:
    if len(words) != 2:
        return f"{len(words)} words where 2 are expected"
    commands = [word for word in words if word in _RAMULATOR_WRITES]
    if not commands:
        return "no command R, W, LD or ST"
    if commands[0] in ("LD", "ST") and words[1] in _RAMULATOR_WRITES:
        return f"{commands[0]} comes before its address"
    address = words[1] if words[0] in _RAMULATOR_WRITES else words[0]
    return f"address {address!r} is neither hexadecimal with 0x nor a decimal number"


# -- DRAMsim3 -------------------------------------------------------------------------------------


def _dramsim3_request(groups: tuple[str, ...]) -> Request:
    address, command, cycle = groups
    return (
        _number("cycle", cycle, MAX_CYCLE),
        int(command.upper() == "WRITE"),
        _number("address", address, MAX_ADDRESS, base=16),
        0,
    )


def _diagnose_dramsim3(words: Sequence[str]) -> str:
    if len(words) != 3:
        return f"{len(words)} words where 3 are expected"
    address, command, cycle = words
    if not re.fullmatch(r"(?:0[xX])?[0-9a-fA-F]+", address):
        return _no_address([address])
    if command.upper() not in ("READ", "WRITE"):
        return f"command {command!r} is neither READ nor WRITE"
    return _no_cycle(cycle)


# -- shared ---------------------------------------------------------------------------------------


def _no_cycle(word: str) -> str:
    """Return why a word is no cycle, empty where it is one."""
    if re.fullmatch(r"\d+", word, re.ASCII):
        return ""
    if re.fullmatch(r"-\d+", word, re.ASCII):
        return f"cycle {word} is negative"
    return f"cycle {word!r} is not a whole number"


def _no_address(words: Sequence[str]) -> str:
    if not words:
        return "the address is missing"
    return f"address {words[0]!r} is not hexadecimal"


_HEX = r"(?:0[xX])?([0-9a-fA-F]+)"
_NUMBER = r"(0[xX][0-9a-fA-F]+|\d+)"

FORMATS = {
    "stl": LineFormat(
        "DRAMSys",
        "'<cycle>: [(<bytes>)] <read|write> <hex address>'",
        re.compile(rf"\s*(\d+):\s+(?:\((\d+)\)\s+)?(read|write)\s+{_HEX}(?!\S)", re.ASCII),
        _stl_request,
        _diagnose_stl,
    ),
    "ramulator": LineFormat(
        "Ramulator",
        "'<address> <R|W>', '<R|W> <address>' or '<LD|ST> <address>'",
        re.compile(
            rf"\s*(?:(R|W|LD|ST)\s+{_NUMBER}|{_NUMBER}\s+(R|W))\s*$",
            re.ASCII,
        ),
        _ramulator_request,
        _diagnose_ramulator,
    ),
    "dramsim3": LineFormat(
        "DRAMsim3",
        "'<hex address> <READ|WRITE> <cycle>'",
        re.compile(rf"\s*{_HEX}\s+((?i:READ|WRITE))\s+(\d+)\s*$", re.ASCII),
        _dramsim3_request,
        _diagnose_dramsim3,
    ),
}
