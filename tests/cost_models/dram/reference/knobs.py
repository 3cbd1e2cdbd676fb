"""The design: one value per knob, with the default design's values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReferenceKnobs:
    page_policy: str = "open"
    scheduler: str = "fr_fcfs"
    scheduler_buffer: str = "bankwise"
    request_buffer_size: int = 8
    resp_queue: str = "fifo"
    refresh_policy: str = "all_bank"
    refresh_max_postponed: int = 0
    refresh_max_pulledin: int = 0
    arbiter: str = "simple"
    max_active_transactions: int = 128
    address_mapping: str = "row_bank_col"
    cmd_mux: str = "oldest"
    power_down_policy: str = "no_power_down"
    high_watermark: int = 8
    low_watermark: int = 4
