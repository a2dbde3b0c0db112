import errno
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from pyftdi.ftdi import FtdiError
from usb.core import NoBackendError, USBError

from benchctl.adapters.usberrors import UsbErrors
from benchctl.adapters.usbhost import Attached, cannot_see, find_device, scan
from benchctl.buses.host import Host
from benchctl.errors import AdapterBusyError, AdapterError, AdapterGoneError
from benchctl.twin.usb.hub import PowerHub

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench


def test_scan_lists_chips_hubs_and_kernel_nodes(bench: "Bench", tmp_path: Path) -> None:
    bench.plug("ft4232h", "FT4A", {})
    bench.plug("ft232r", "A10K", {})
    bench.bus.plug(PowerHub(bench.world, "HUB1"), 9)
    bench.host.clock.sleep(0.3)
    by_id = tmp_path / "dev/serial/by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-FTDI-if00").symlink_to("../../ttyUSB0")
    (tmp_path / "dev/serial0").symlink_to("ttyAMA0")
    (tmp_path / "dev/spidev0.1").touch()
    (tmp_path / "dev/i2c-1").touch()
    host = Host(bench.host.clock, bench.host.usb_backend, device_root=tmp_path)
    assert scan(host) == [
        Attached("ft232r", "A10K", "1-2", "FT232R"),
        Attached("ft4232h", "FT4A", "1-1", "FT4232H"),
        Attached("usbhub", "HUB1", "1-9", "4-port power hub"),
        Attached("tty", "", "/dev/serial/by-id/usb-FTDI-if00", "ttyUSB0"),
        Attached("tty", "", "/dev/serial0", "ttyAMA0"),
        Attached("spidev", "", "/dev/spidev0.1", "spidev0.1"),
        Attached("i2cdev", "", "/dev/i2c-1", "i2c-1"),
    ]


def test_device_is_found_by_serial_number_or_port(bench: "Bench") -> None:
    bench.plug("ft4232h", "FT4A", {})
    bench.plug("ft4232h", "FT4B", {})
    assert find_device(bench.host, "ft4232h", serial="FT4B").port_numbers == (2,)
    assert find_device(bench.host, "ft4232h", port="1-1").serial_number == "FT4A"
    with pytest.raises(AdapterError, match=r"attached instead: 1-1, 1-2"):
        find_device(bench.host, "ft4232h", port="1-7")


def test_twins_need_a_port(bench: "Bench") -> None:
    bench.plug("ft232r", "SAME", {})
    bench.plug("ft232r", "SAME", {})
    with pytest.raises(AdapterError, match="more than one ft232r with serial number SAME: on 1-1, 1-2"):
        find_device(bench.host, "ft232r", serial="SAME")


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (errno.ENODEV, AdapterGoneError, "quad has gone"),
        (errno.EBUSY, AdapterBusyError, "quad is in use"),
        (errno.EACCES, AdapterError, r'ATTR\{idVendor\}=="0403", GROUP="plugdev"'),
        (errno.ETIMEDOUT, AdapterError, "quad did not finish a USB transfer in time"),
        (errno.EIO, AdapterError, "quad failed: .*Input/output"),
    ],
)
def test_usb_errors_say_what_to_do(
    bench: "Bench", number: int, kind: type[AdapterError], text: str, wrapped: bool
) -> None:
    bench.plug("ft4232h", "FT4A", {})
    device = find_device(bench.host, "ft4232h", serial="FT4A")
    with pytest.raises(kind, match=text), UsbErrors(device, "quad"):
        _fail(number, wrapped)


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EIO, errno.EPIPE, errno.EOVERFLOW, errno.ETIMEDOUT])
def test_whatever_the_last_transfer_ran_into_it_is_gone(bench: "Bench", number: int) -> None:
    port = bench.plug("ft4232h", "FT4A", {})
    device = find_device(bench.host, "ft4232h", serial="FT4A")
    port.unplug()
    with pytest.raises(AdapterGoneError, match="quad has gone"), UsbErrors(device, "quad"):
        _fail(number, wrapped=True)


def _fail(number: int, wrapped: bool) -> None:
    try:
        raise USBError("Input/output", -1, number)
    except USBError as error:
        if wrapped:  # as pyftdi does
            raise FtdiError(f"UsbError: {error}") from None
        raise


def test_a_machine_without_libusb_says_so(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    assert cannot_see(bench.host) is None
    monkeypatch.setattr("usb.core.find", Mock(side_effect=NoBackendError("No backend available")))
    problem = cannot_see(bench.host)
    assert problem is not None
    assert "libusb" in str(problem)
    assert scan(Host(bench.host.clock, device_root=Path("/nowhere"))) == []
