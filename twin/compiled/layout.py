"""Where everything of a compiled plant lies: two arrays of cells with one address for both.

A thing has an address ``a``; its whole numbers are ``m[a + NAME]`` and its real numbers
``x[a + NAME]``. Address 0 is the header. A whole state is these two arrays, so a copy of them is a
copy of the plant.
"""

from __future__ import annotations

# --- header: whole numbers -----------------------------------------------------------------------
NUMBER, PENDING, HEAP, HEAP_ROOM, HOLE = 0, 1, 2, 3, 4
"""Number of the next entry; pending entries, their address and room; whether the first has been taken out."""
SOON, SOON_MASK, SOON_HEAD, SOON_COUNT = 5, 6, 7, 8
"""Ring of what happens at the same instant."""
STATIONS, COUNT = 9, 10
"""List of the addresses of all stations."""
LOW, FAULT, FAULT_AT = 11, 12, 13
"""Something runs low, a stream or the room of a log; something had no room (see below) and where: do the call again."""
STATES, STATES_ROOM, STATES_COUNT = 14, 15, 16
"""Log of state changes; room 0: none is kept."""
DONE, DONE_ROOM, DONE_COUNT = 17, 18, 19
"""Log of completed operations; room 0: none is kept."""
ITEMS, REWORKS = 20, 21
"""Number of items; number of parts per item, one for each number of reworks."""
HEADER = 24
# header: real numbers
NOW = 0

DRY, HEAP_FULL, SOON_FULL, QUEUE_FULL, LOG_FULL, STILL = 1, 2, 3, 4, 5, 6
"""Faults; 0: none."""
LOG_MARGIN = 4096
"""Rows that one instant may add to a log."""

# --- station -------------------------------------------------------------------------------------
KIND, UNIT, CODE, HELD, CLOSED, HOLDS_ON = 0, 1, 2, 3, 4, 5
SUCCESSORS, SUCCESSOR_COUNT, PREDECESSORS, PREDECESSOR_COUNT, NEXT, FEED = 6, 7, 8, 9, 10, 11
TURN_IN, TURN_OUT, PARTS, SCRAPPED, REWORKED = 12, 13, 14, 15, 16
MODES, MODE_COUNT, CAUSES, CAUSE_COUNT, DOWN_BY, SLOWED, SLOWED_COUNT = 17, 18, 19, 20, 21, 22, 23
# processors
WORKING_COUNT, PREPARING_COUNT, SLOTS, SLOT_COUNT, IDLE_SLOTS, IDLE_COUNT = 24, 25, 26, 27, 28, 29
BLOCKED_SLOTS, BLOCKED_COUNT, OPERATIONS, JUDGES, QUALITY, SETUPS, COPY = 30, 31, 32, 33, 34, 35, 37
# buffers and transports
QUEUE, QUEUE_MASK, QUEUE_HEAD, LEVEL, PLACES = 38, 39, 40, 41, 42
TIMES = 43
"""Stream of a transport's times, of a sink's demand; 0: none."""
READY = 44
ROUND, ROUND_SIZE, BEGUN, LIMIT, INTERVAL = 45, 46, 47, 48, 49
REWORK_TAKER, REWORK_MOST = 50, 51
BOM, BOM_SIZE, PRODUCT = 52, 53, 54
TRIED, BACK = 56, 57
"""While a part is offered through empty buffers: successors tried so far, and who offers."""
BEFORE = 58
"""Length of a queue before the instant of its last change."""
OUTPUT = 55
"""Good, scrapped and reworked pieces by part: three whole numbers each; the first real number is the planned time."""
# station: real numbers
SINCE, SLOW, LIFE, FAIL_AT, ARMED, LAST, EXPECTED, SCRAP, REWORK = 0, 1, 2, 3, 4, 5, 6, 7, 8
TOTALS, POWER = 9, 41
EMPTY, CHANGED = 73, 74
"""Of a queue: first time at which it fell to nothing, infinite: not yet; time of its last change."""
DONE_S = 75
"""Of a unit that completes operations: time in PRODUCING until the last of them."""
FIRST_AT, FIRST_S, FIRST_MADE_S, FIRST_GOOD_S = 76, 77, 78, 79
"""The first completed since it was last asked: when (infinite: none yet), time in PRODUCING since the one before it,
planned time of what was produced at that instant and of what of it was good."""
STATION = 80

SOURCE, MACHINE, ASSEMBLY, INSPECTION, BUFFER, TRANSPORT, SINK = 0, 1, 2, 3, 4, 5, 6
"""Kinds; up to INSPECTION they have slots."""

# --- slot ----------------------------------------------------------------------------------------
OWNER, PHASE, OPERATION, LAST_ITEM, OUT, TAKERS = 0, 1, 2, 3, 4, 5
DUE, LEFT = 0, 1
SLOT = 6
TO_SUCCESSORS, TO_REWORK = 0, 1

# --- operation: what a station does with a part ----------------------------------------------------------
OPERATION_PART, OPERATION_OUT, OPERATION_STREAM = 0, 1, 2
OPERATION_CELLS = 3

# --- stream: the values lie in a third array --------------------------------------------------------
POSITION, MARK, END, STEP = 0, 1, 2, 3
"""Index of the next value, from where on it runs low, where it ends, how far a draw goes (0: constant)."""
STREAM = 4

# --- failure mode -----------------------------------------------------------------------------------
MODE_STATION, CALENDAR_BASED, ACTIVE, KEPT, AFTER, REPAIR, MODE_CAUSE = 0, 1, 2, 3, 4, 5, 6
UNTIL, MODE_LEFT = 0, 1
MODE = 7

# --- calendar, command, component of a bill of materials ---------------------------------------------
EDGES, EDGE_COUNT, MEMBERS, MEMBER_COUNT = 0, 1, 2, 3
ORIGIN = 0
CALENDAR = 4
ACTION, CAUSE, TARGETS, TARGET_COUNT = 0, 1, 2, 3
FACTOR = 0
STOP, RESTART, SLOW_DOWN = 0, 1, 2
ITEM, NEEDED, LOOSE, ROOM = 0, 1, 2, 3
COMPONENT = 4

# --- entries ----------------------------------------------------------------------------------------
KEY, WHAT, TIME = 0, 1, 0
"""Of an entry: its rank, what to do; its time."""
ENTRY = 2
FINISH, FAIL, EXPIRE, MEND, TELL, WANTED, LEAVE, DELIVER, BEGIN = 0, 1, 2, 3, 4, 5, 6, 7, 8
PULL, PUSH, LET_OUT = 0, 1, 2
"""What happens soon."""
KIND_BITS, KIND_MASK = 4, 15
"""What to do: address shifted left by so many bits, plus one of the above."""

GOOD, SCRAPPED_PART, REWORKED_PART = 0, 1, 2
"""Outcomes. A row of the log of operations is unit, part and outcome, which has the lowest two bits."""
