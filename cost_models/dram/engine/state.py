"""Where each quantity lives in the kernel's arrays.

One row per bank, bank group, rank and request; ``channel`` holds the scalars. All times are in
memory-clock cycles. Rows keep what one event touches side by side in the cache.
"""

from __future__ import annotations

from archgym.cost_models.dram.commands import Command

FAR = 1 << 60  # a time that never comes
LONG_AGO = -(1 << 40)

# Commands as plain integers, which Numba freezes into the kernels.
ACT, PRE = int(Command.ACT), int(Command.PRE)
RD, RDA, WR, WRA = int(Command.RD), int(Command.RDA), int(Command.WR), int(Command.WRA)
PREA, REFAB, PRESB = int(Command.PREA), int(Command.REFAB), int(Command.PRESB)
REFPB, REFSB = int(Command.REFPB), int(Command.REFSB)
PDEA, PDXA, PDEP, PDXP = map(int, (Command.PDEA, Command.PDXA, Command.PDEP, Command.PDXP))
SREFEN, SREFEX = int(Command.SREFEN), int(Command.SREFEX)
N_BANK_COMMANDS = 8
N_TIMED_COMMANDS = 16  # PRESB is timed as a PRE of each of its banks
N_ALL_COMMANDS = 17
NO_COMMAND = -1

# design[...]: knob codes, in the order of the knobs
(
    PAGE_POLICY,
    SCHEDULER,
    BUFFER,
    BUFFER_SIZE,
    RESPONSE_QUEUE,
    REFRESH_POLICY,
    MAX_POSTPONED,
    MAX_PULLED_IN,
    ARBITER,
    MAX_ACTIVE,
    ADDRESS_MAPPING,
    COMMAND_MUX,
    POWER_DOWN,
    HIGH_WATERMARK,
    LOW_WATERMARK,
) = range(15)
OPEN, OPEN_ADAPTIVE, CLOSED, CLOSED_ADAPTIVE = range(4)
FIFO, FR_FCFS, FR_FCFS_GRP, GRP_FR_FCFS, GRP_FR_FCFS_WM = range(5)
BANKWISE, READ_WRITE, SHARED = range(3)
IN_CAS_ORDER, IN_ACCEPTANCE_ORDER = range(2)
NO_REFRESH, ALL_BANK = range(2)  # later policies refresh some banks at a time
SIMPLE_ARBITER, FIFO_ARBITER, REORDER_ARBITER = range(3)
STRICT = 1

# memory[...]: constants of the memory
(
    N_BANKS,
    N_RANKS,
    BANKS_PER_RANK,
    BANKS_PER_GROUP,
    ACTIVATION_WINDOW,
    REFRESH_ACTIVE,  # cycles of a refresh that count as active (energy)
    REFRESH_CYCLE,
    RAS,
    COLUMN_BUS,
    CLOCK_PS,
    TRACE_CLOCK_PS,
    RELATIVE_TIMES,
) = range(12)
N_MEMORY = 12

# refresh[policy, ...]: what one refresh of a policy is
(
    INTERVAL,
    REFRESH,  # the command
    N_SETS,  # sets of banks that are refreshed in turn; their number makes a round
    SET_SIZE,
    SET_STRIDE,  # distance between the banks of a set
    SET_ACTIVE,  # cycles of the refresh that count as active (energy)
    NEW_ROUND,  # least distance to the first refresh of another round
    IN_WINDOW,  # whether it counts as an activation in the four-activation window
) = range(8)
N_REFRESH_FIELDS = 8

# gaps[scope, earlier, later] and command[c, ...]
BANK_SCOPE, GROUP_SCOPE, RANK_SCOPE, OTHER_SCOPE = range(4)
LENGTH, BUS, DATA_END, AUTO_PRECHARGE, COMPLETION = range(5)

# burst[i, ...]: decoded bursts, in trace order
BURST_BANK, BURST_ROW, BURST_WRITE, BURST_LINE = range(4)

# link[i, ...]: neighbours of a burst in the queue of its bank
NEXT, PREVIOUS = range(2)
NONE = -1

# bank[b, ...]; columns 0..7 hold the earliest time of each bank command
(
    OPEN_ROW,  # NONE when precharged
    HEAD,
    TAIL,
    COUNT,
    HITS,  # queued bursts of the open row
    PICK,  # the burst that the bank works on
    PROPOSAL,  # its next command
    ACTIVATED_AT,
    SLOT,  # place in the list of banks with queued bursts
    GROUP_OF,
    RANK_OF,
    COMMITTED,  # from an activation to the next access or precharge (grouped schedulers)
    BLOCKED_BANK,  # proposes nothing until it is refreshed
    REFRESHED,  # refreshes of this bank alone or in a set
    IN_ROUND,  # 1 when the set that begins with this bank was refreshed in this round
) = range(N_BANK_COMMANDS, N_BANK_COMMANDS + 15)
N_BANK_FIELDS = 24

# rank[r, ...]; columns 0..15 hold the earliest time of each command, as far as ranks limit it
(
    SILENT,  # bank machines propose nothing: BLOCKED | SLEEPING | POWER_COMMAND proposed
    BLOCKED,
    SLEEPING,
    OPEN_BANKS,
    QUEUED,  # accepted bursts whose column command is outstanding
    DUE,
    FLEXIBILITY,
    PULLED_IN,
    REFRESH_COMMAND,
    POWER_STATE,
    IDLE,
    ENTRY,
    EXIT,
    WANT_SELF_REFRESH,
    POWER_COMMAND,
    RING_POSITION,
    RING,
    RING_1,
    RING_2,
    RING_3,
    CLOSED_AT,
    CLOSED_BEFORE,
    ACTIVE_SINCE,
    DOWN_SINCE,
    CLOSING_UNTIL,  # when the last auto-precharge takes effect
    LAST_TIME,
    LAST_COMMAND,
    SETS_LEFT,  # sets still to be refreshed in this round
    SET_CHOSEN,  # a forced refresh keeps to its set
    REFRESH_BANK,  # first bank of the proposed refresh, or the bank to be precharged for it
    REFRESH_SET,  # first bank of the set that is refreshed next
) = range(N_TIMED_COMMANDS, N_TIMED_COMMANDS + 31)
N_RANK_FIELDS = 48

# power states of a rank
AWAKE, ACTIVE_POWER_DOWN, PRECHARGE_POWER_DOWN, SELF_REFRESH, EXTRA_REFRESH = range(5)

# channel[...]: scalars
(
    ROW_BUS_FREE,
    COLUMN_BUS_FREE,
    N_ACTIVE,  # banks with queued bursts
    CANDIDATE_TIME,  # when the command that the mux favours may be issued; FAR = none
    CANDIDATE_END,
    CANDIDATE_SEQUENCE,
    CANDIDATE_COMMAND,
    CANDIDATE_BANK,  # NONE for a rank command
    CANDIDATE_RANK,
    LAST_WRITE,  # direction of the last column command
    NEXT_COLUMN,  # column commands issued = the burst whose turn it is in strict order
    N_QUEUED,
    N_QUEUED_WRITES,
    LAST_BANK,  # bank of the burst accepted last
    NEXT_DUE,  # earliest refresh due time that is still ahead
    NEXT_LATE,  # when a refresh that is due will be a whole interval late
    ATTENTION,  # a refresh is due or power-down is on: managers are evaluated at every event
    NEXT_REQUEST,
    ARRIVAL,  # when the next request reaches the controller; FAR = not known yet
    ARRIVAL_SEEN_EARLY,
    WAITING,  # the next request found no space
    ACCEPTED_AT,  # acceptance of the last request by the controller
    GRANTED_AT,  # acceptance of the last request by the arbiter
    LAST_RESPONSE,
    LAST_DELIVERY,
    NEXT_IN_ORDER,
    N_DELIVERED,
    N_RESPONSES_BEFORE,  # responses before the present cycle
    TURNED,  # the last column command changed the direction
    N_LOGGED,
    REFRESHES_SINCE_COLUMN,
    END,
    WRITE_MODE,  # of the scheduler with watermarks
    WATCH_ALL,  # proposals other than the candidate may wake the controller sooner
    MODE_CHANGED,  # bank machines have not seen the new mode yet
    FORCED,  # the burst that a bank must take up to break a deadlock of strict order, or NONE
) = range(36)
N_CHANNEL_FIELDS = 40

# counts[r, ...]: 16 command counts, then cycles by power state
(
    ACTIVE_CYCLES,
    PRECHARGED_CYCLES,
    ACTIVE_DOWN_CYCLES,
    PRECHARGED_DOWN_CYCLES,
    SELF_REFRESH_CYCLES,  # beyond the refresh at entry
    SELF_REFRESH_ENTRY_CYCLES,  # refresh current without its background
    SELF_REFRESH_ACTIVE_CYCLES,  # background of that refresh at IDD3P0
    SELF_REFRESH_PRECHARGED_CYCLES,  # and at IDD2P0
    ASLEEP_CYCLES,  # self-refresh, entry to exit
    PRECHARGED_BANKS,
    BANK_REFRESHES,  # of the bank that was refreshed least, all-bank refreshes apart
) = range(N_ALL_COMMANDS, N_ALL_COMMANDS + 11)
N_COUNTS = N_ALL_COMMANDS + 11

# status of a run
FINISHED, STALLED = range(2)
