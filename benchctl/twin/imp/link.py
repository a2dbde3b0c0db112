"""The imp's connection to the server, as far as programs can tell."""

from dataclasses import dataclass
from typing import Any

SUSPEND_ON_ERROR, RETURN_ON_ERROR = 0, 1


@dataclass
class Link:
    """What server.setsendtimeoutpolicy() and imp.setpowersave() set, and what a connection brought.

    Attributes:
        policy: SUSPEND_ON_ERROR or one of the others.
        wait: what a call waits for, WAIT_TIL_SENT or WAIT_FOR_ACK.
        timeout_s: for how long.
        power_save: WiFi power saving.
        address: the static network configuration of this connection, None with an address from DHCP.
        clock_set: the server has told the time since the imp booted.
        connected: the program is connected, for as long as the network is there.
        last_error: why the last connection failed or ended, a reason of server.connect(); None for no error.
    """

    policy: int = SUSPEND_ON_ERROR
    wait: int = 0
    timeout_s: float = 30.0
    power_save: bool = False
    address: dict[str, Any] | None = None
    clock_set: bool = False
    connected: bool = False
    last_error: int | None = None

    def forget_policy(self) -> None:
        """The default of server-setsendtimeoutpolicy (api/system.yaml)."""
        self.policy, self.wait, self.timeout_s = SUSPEND_ON_ERROR, 0, 30.0
