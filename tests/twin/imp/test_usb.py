from collections.abc import Callable

from benchctl.twin.usb.bus import Port
from benchctl.twin.usb.descriptors import (
    BULK,
    INTERRUPT,
    configuration_descriptor,
    device_descriptor,
    endpoint_descriptor,
    interface_descriptor,
)  # fmt: skip
from benchctl.twin.usb.device import Stall, UsbDevice
from benchctl.twin.usb.hub import PowerHub
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World
from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]


class Mirror(UsbDevice):
    """Sends back what it gets on its bulk endpoints."""

    def __init__(self, vendor: int = 0x1234) -> None:
        ends = [
            endpoint_descriptor(0x81, BULK, 64),
            endpoint_descriptor(0x02, BULK, 64),
            endpoint_descriptor(0x83, INTERRUPT, 8, 10),
        ]
        super().__init__(
            device_descriptor(vendor, 0x5678, 0x0100),
            [configuration_descriptor([interface_descriptor(0, ends)])],
            {1: "maker", 2: "mirror", 3: "1"},
            "full",
        )
        self.kept = b""

    def write(self, endpoint: int, data: bytes) -> int:
        if endpoint != 0x02:
            raise Stall
        self.kept += data
        self.ready(0x81)
        return len(data)

    def read(self, endpoint: int, max_packet: int) -> bytes | None:
        if endpoint != 0x81:
            return None
        packet, self.kept = self.kept[:max_packet], self.kept[max_packet:]
        return packet or None


OPEN = """
hardware.pinR.configure(DIGITAL_OUT, 1);
hardware.pinW.configure(DIGITAL_IN_PULLUP);
u <- hardware.usb;
function on(event, d) {
    if (event == USB_DEVICE_CONNECTED) {
        local f = d.descriptors;
        server.log(format("connected %.1f %04x:%04x", d.speed, f.vendorid, f.productid));
        server.log(f.configurations[0].interfaces[0].endpoints.len());
        if ("connected" in getroottable()) connected();
    } else if (event == USB_DEVICE_DISCONNECTED) server.log("gone " + d.device);
    else server.log("done " + d.endpoint + " " + d.state + " " + d.length);
}
"""
TRANSFER = (
    OPEN
    + """
function connected() {
    u.controltransfer(12.0, 0, 0, 0, 5, 7, 0, 64);
    u.controltransfer(12.0, 7, 0, 0, 9, 1, 0, 64);
    local b = blob(18);
    u.controltransfer(12.0, 7, 0, 0x80, 6, 0x100, 0, 64, b);
    server.log(format("%02x%02x", b[9], b[8]));
    try { u.controltransfer(12.0, 7, 0, 0x80, 6, 0x3F00, 0, 64, b); } catch (e) { server.log("threw " + e); }
    u.openendpoint(12.0, 7, 0, 2, 64, 0x02); u.openendpoint(12.0, 7, 0, 2, 64, 0x81);
    local out = blob(100); out[99] = 42;
    into <- blob(100);
    u.generaltransfer(7, 0x81, 2, into);
    u.generaltransfer(7, 0x02, 2, out);
    try { u.generaltransfer(7, 0x02, 2, out); } catch (e) { server.log("threw " + e); }
    try { u.openendpoint(12.0, 7, 0, 1, 64, 0x02); } catch (e) { server.log("threw " + e); }
}
imp.wakeup(2, function() { server.log(into[99]); });
"""
)


def test_enumeration_and_transfers(make: Make) -> None:
    port = Port(1)
    port.plug(Mirror())
    log = make(usb_port=port).run(TRANSFER + "u.configure(on);", 3)
    assert log[:6] == [
        "connected 12.0 1234:5678",
        "3",
        "1234",
        "threw usb transfer error 4",
        "threw endpoint busy",
        "threw could not open endpoint",
    ]
    assert sorted(log[6:8]) == ["done 129 0 100", "done 2 0 100"]
    assert log[8] == "42"


def test_plugging_and_the_two_pins(make: Make) -> None:
    port = Port(1)
    bench = make(usb_port=port)
    assert bench.run(OPEN + "u.configure(on);") == []
    port.plug(Mirror())
    assert bench.wait(0.2)[-1] == "3"
    fault = bench.nets["W"].driver("overcurrent")
    fault.set(Drive.LOW)
    assert bench.wait(0.2)[-1] == "gone 0"
    fault.set(Drive.Z)
    assert bench.wait(0.2)[-1] == "3"
    port.unplug()
    assert bench.wait(0.2)[-1] == "gone 0"


def test_disable_and_configure_reset_the_bus(make: Make) -> None:
    port = Port(1)
    port.plug(Mirror())
    log = make(usb_port=port).run(
        OPEN + "u.configure(on); imp.wakeup(1, function() { u.disable(); u.configure(on); });", 2
    )
    assert log == ["connected 12.0 1234:5678", "3"] * 2


def test_hubs_are_refused(make: Make) -> None:
    def behind_a_hub(**options: object) -> list[str]:
        hub, port = PowerHub(World()), Port(1)
        for place, vendor in zip(hub.ports, (0x1111, 0x2222), strict=False):
            place.plug(Mirror(vendor))
        port.plug(hub)
        return make(usb_port=port, **options).run(OPEN + "u.configure(on);")

    assert behind_a_hub() == []
    assert behind_a_hub(faults=("usb-hub-passes-through",))[0].endswith("1111:5678")


def test_bulk_times_out_after_five_seconds(make: Make) -> None:
    port = Port(1)
    port.plug(Mirror())
    source = (
        OPEN
        + """
    function connected() {
        u.openendpoint(12.0, 0, 0, 2, 64, 0x81);
        u.generaltransfer(0, 0x81, 2, blob(10));
    }
    u.configure(on);
    """
    )
    assert make(usb_port=port).run(source, 6)[-1] == "done 129 19 0"


def test_only_with_a_port(make: Make) -> None:
    probe = 'server.log("usb" in hardware); try { hardware.usb; } catch (e) { server.log("threw " + e); }'
    assert make("imp003").run(probe) == ["false", "threw the index 'usb' does not exist"]


SET_UP = """
function connected() {
    u.controltransfer(12.0, 0, 0, 0, 5, 7, 0, 64);
    u.openendpoint(12.0, 7, 0, 2, 64, 0x02); u.openendpoint(12.0, 7, 0, 2, 64, 0x81);
    go();
}
"""


def attached(make: Make, source: str, seconds: float = 2) -> list[str]:
    """What a program with a function `go` logs once the device is set up."""
    port = Port(1)
    port.plug(Mirror())
    return make(usb_port=port).run(OPEN + SET_UP + source + "u.configure(on);", seconds)[2:]


def test_a_packet_longer_than_the_blob_is_an_overrun(make: Make) -> None:
    """transfer_states: 8. The device decides how long its packets are."""
    log = attached(
        make,
        """
        into <- blob(10);
        function go() { u.generaltransfer(7, 0x02, 2, blob(30)); u.generaltransfer(7, 0x81, 2, into); }
        """,
    )
    assert sorted(log) == ["done 129 8 10", "done 2 0 30"]


def test_nothing_is_told_of_transfers_that_disable_ends(make: Make) -> None:
    """Their endpoint is closed, and free again once the device is back."""
    log = attached(
        make,
        """
        rounds <- 0;
        function go() {
            u.generaltransfer(7, 0x81, 2, blob(64));
            if (rounds++ == 0) imp.wakeup(0.1, function() { u.disable(); u.configure(on); });
            else u.generaltransfer(7, 0x02, 2, blob(1));
        }
        """,
    )
    assert log[:2] == ["connected 12.0 1234:5678", "3"]
    assert sorted(log[2:]) == ["done 129 0 1", "done 2 0 1"]


def test_disabled_and_configured_within_the_callback(make: Make) -> None:
    log = attached(
        make,
        """
        function go() { u.disable(); u.configure(second); server.log("first done"); }
        function second(event, details) { server.log("second " + (event == USB_DEVICE_CONNECTED)); }
        """,
    )
    assert log == ["first done", "second true"]


def test_blobs_of_calls_that_threw_are_let_go(make: Make) -> None:
    log = attached(
        make,
        """
        function refused(call) { try { call(); } catch (e) { return; } throw "not refused"; }
        function go() {
            local before = imp.getmemoryfree();
            for (local i = 0; i < 40; i++) {
                refused(@() u.generaltransfer(7, 0x81, 3, blob(2000)));
                refused(@() u.controltransfer(12.0, 9, 0, 0x80, 6, 0x100, 0, 64, blob(2000)));
                refused(@() hardware.spiflash.readintoblob("0", blob(2000), 1));
            }
            server.log(before - imp.getmemoryfree() < 20000);
        }
        """,
    )
    assert log == ["true"]


def test_data_lines_that_are_pins(make: Make) -> None:
    """impC001: A and B. Another function of one switches the port off; configure() takes it back."""
    port = Port(1)
    port.plug(Mirror())
    bench = make("impC001", usb_port=port)
    bench.nets["A"].pull("a", high=True)
    source = """
        hardware.pinA.configure(DIGITAL_OUT, 0); hardware.pinYM.configure(DIGITAL_OUT, 1);
        u <- hardware.usbAB;
        n <- 0;
        function on(event, details) {
            server.log(event == USB_DEVICE_CONNECTED);
            server.log(hardware.pinA.read());
            if (n++) return;
            hardware.spiDCAB.configure(0, 1000);
            try { u.openendpoint(12.0, 0, 0, 2, 64, 0x02); } catch (e) { server.log("off"); }
            u.configure(on);
            try { hardware.spiDCAB.write("a"); } catch (e) { server.log("no bus"); }
        }
        u.configure(on);
        """
    assert bench.run(source) == ["true", "1", "off", "no bus", "true", "1"]
