"""What the computer of a bench offers to its adapters. The virtual bench provides another one of these."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchctl.buses.clock import Clock


@dataclass(frozen=True)
class Host:
    """The computer the adapters are plugged into.

    Attributes:
        clock: the bench's time.
        usb_backend: a pyusb backend (`usb.backend.IBackend`), or None for the system's libusb.
        device_root: where `/dev` is, for kernel ttys, spidev and i2c-dev.
        lock_folder: where adapters are locked; None for the folder all users of this machine share.
    """

    clock: Clock
    usb_backend: Any = None
    device_root: Path = field(default=Path("/"))
    lock_folder: Path | None = None
