from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchctl.adapters.supply import HubPower
from benchctl.adapters.usbhost import find_device
from benchctl.adapters.usbhub import UsbHub
from benchctl.buses.host import Host
from benchctl.errors import AdapterError, NotEquippedError, RigError
from benchctl.rig.kinds import KINDS
from benchctl.rig.model import Adapter, Place
from benchctl.twin.ftdi.chip import FtdiChip
from benchctl.twin.ftdi.models import FT232R
from benchctl.twin.usb.hub import PowerHub

if TYPE_CHECKING:
    from tests.adapters.conftest import Bench


@pytest.fixture
def adapter() -> Adapter:
    return Adapter("hub", KINDS["usbhub"], "io", Place(Path("rig.yaml"), 7, "power"), {}, serial="HUB1")


@pytest.fixture
def virtual(bench: "Bench") -> PowerHub:
    hub = PowerHub(bench.world, "HUB1")
    bench.bus.plug(hub, 9)
    bench.bus.plug(FtdiChip(bench.world, FT232R, "BEHIND"), 9, 2)
    bench.host.clock.sleep(0.5)
    return hub


def test_port_is_switched(bench: "Bench", virtual: PowerHub, adapter: Adapter) -> None:
    hub = UsbHub(bench.host, adapter)
    port = hub.port(2)
    assert port.powered()
    assert port.connected()
    supply = HubPower(port)
    supply.off()
    assert not virtual.ports[1].powered
    assert not port.powered()
    with pytest.raises(AdapterError, match="there is no ft232r"):
        find_device(bench.host, "ft232r", serial="BEHIND")
    supply.on()
    assert virtual.ports[1].powered
    bench.host.clock.sleep(0.2)
    assert find_device(bench.host, "ft232r", serial="BEHIND").port_numbers == (9, 2)
    assert virtual.ports[0].powered
    port.close()
    hub.close()


def test_missing_port_names_the_line_of_the_rig_file(
    bench: "Bench", virtual: PowerHub, adapter: Adapter
) -> None:
    with pytest.raises(RigError, match=r"rig\.yaml:7: power: hub 'hub' has no port 5"):
        UsbHub(bench.host, adapter).port(5)


class _Ganged(PowerHub):
    def control(
        self, request_type: int, request: int, value: int, index: int, data: bytes, length: int
    ) -> bytes:
        answer = bytearray(super().control(request_type, request, value, index, data, length))
        if (request_type, request) == (0xA0, 6):
            answer[3] &= ~3
        return bytes(answer)


class _Pretending(PowerHub):
    def _clear_feature(self, i: int, feature: int) -> None:
        """Acknowledge and do nothing."""


def test_hub_that_switches_all_ports_is_refused(bench: "Bench", adapter: Adapter) -> None:
    bench.bus.plug(_Ganged(bench.world, "HUB1"), 9)
    bench.host.clock.sleep(0.5)
    with pytest.raises(NotEquippedError, match="hub switches all ports together"):
        UsbHub(bench.host, adapter)


def test_hub_that_only_pretends_is_found_out(bench: "Bench", adapter: Adapter) -> None:
    bench.bus.plug(_Pretending(bench.world, "HUB1"), 9)
    bench.host.clock.sleep(0.5)
    with pytest.raises(AdapterError, match="did not switch port 1 off"):
        UsbHub(bench.host, adapter).port(1).power(False)


def test_absent_hub(bench: "Bench", adapter: Adapter) -> None:
    host: Host = bench.host
    with pytest.raises(AdapterError, match="there is no usbhub with serial number HUB1"):
        UsbHub(host, adapter)
