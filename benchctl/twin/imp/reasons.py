"""Why the imp boots or Squirrel starts, and how long each takes.

Values: const-wakereasons, api/system.yaml. Times: only the ten seconds of a cold boot without a server are
documented (boot-cold, api/system.yaml); the others are choices.
"""

from enum import IntEnum

MS = 1_000_000


class WakeReason(IntEnum):
    """hardware.wakereason()."""

    POWER_ON = 0
    TIMER = 1
    SW_RESET = 2
    PIN = 3
    NEW_SQUIRREL = 4
    SQUIRREL_ERROR = 5
    NEW_FIRMWARE = 6
    SNOOZE = 7
    HW_RESET = 8
    BLINKUP = 9
    SW_RESTART = 10
    POWER_RESTORED = 11


BOOT_NS = 250 * MS  # choice: from power or reset until impOS has the pins in their default states
CONNECT_NS = 1_500 * MS  # choice: from there to the server, when it can be reached
NO_SERVER_NS = 10_000 * MS  # boot-cold: Squirrel starts ten seconds after a cold boot at the latest
WARM_NS = 150 * MS  # choice: from waking out of deep sleep to Squirrel
RESTART_NS = 100 * MS  # choice: from one Squirrel program to the next
ERROR_PAUSE_NS = (
    1_000 * MS
)  # choice: a pause before restarting after an error exists (e-pause), how long is unknown
SNOOZE_NS = 540_000 * MS  # SUSPEND_ON_ERROR: asleep for nine minutes, then a minute's retry
SNOOZE_TRY_NS = 60_000 * MS


class State(IntEnum):
    """What the imp is doing."""

    OFF = 0
    RESET = 1
    BOOTING = 2
    RUNNING = 3
    DEEP_SLEEP = 4
