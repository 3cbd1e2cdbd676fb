"""When a rank sleeps: staggered power-down."""

from __future__ import annotations

from .bank_machine import BankMachine
from .knobs import ReferenceKnobs

EXITS = {
    "active power-down": "PDXA",
    "precharge power-down": "PDXP",
    "self-refresh": "SREFEX",
    "extra refresh": "REFab",
}


class PowerDownManager:
    """``command`` is the proposal as of the last evaluation, None if there is none."""

    def __init__(self, knobs: ReferenceKnobs, machines: list[BankMachine]) -> None:
        self.enabled = knobs.power_down_policy == "staggered"
        self.machines = machines
        self.state = "awake"
        self.idle = True
        self.entry = True
        self.exit = False
        self.wants_self_refresh = False
        self.command: str | None = None

    def rank_became_idle(self) -> None:
        self.idle = True
        if self.state == "awake":
            self.entry = True

    def request_for_idle_rank(self) -> None:
        self.idle = self.wants_self_refresh = False
        self.refresh_is_due()

    def refresh_is_due(self) -> None:
        self.entry = False
        if self.state != "awake":
            self.exit = True

    def evaluate(self) -> None:
        self.command = None
        if not self.enabled:
            return
        if self.exit:
            self.command = EXITS[self.state]
        elif self.entry:
            any_open = any(machine.open_row is not None for machine in self.machines)
            self.command = "PDEA" if any_open else "PDEP"
        elif self.wants_self_refresh:
            self.command = "SREFEN"

    def update(self, command: str) -> None:
        """Note a command to this rank."""
        if command in ("PDEA", "PDEP", "SREFEN"):
            self.entry = self.wants_self_refresh = False
            self.state = {
                "PDEA": "active power-down",
                "PDEP": "precharge power-down",
                "SREFEN": "self-refresh",
            }[command]
        if command in ("PDXA", "PDXP"):
            self.state = "awake"
            self.exit = False
        if command == "PDXP" and self.idle:
            self.wants_self_refresh = True
        if command == "SREFEX":
            self.state = "extra refresh"
        elif command == "REFab" and self.state == "extra refresh":
            self.state = "awake"
            self.exit = False
        elif command in ("REFab", "REFpb", "REFsb") and self.idle:
            self.entry = True
