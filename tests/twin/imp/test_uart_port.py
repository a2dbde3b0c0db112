"""A port whose pins, format or FIFOs change under it."""

from collections.abc import Callable

import pytest

from benchctl.twin.wires.timeline import Drive
from tests.twin.imp.conftest import BOOT_NS, Bench
from tests.twin.imp.test_uart import Peer, fmt

Make = Callable[..., Bench]
ATTEMPT = 'function attempt(f) { try { server.log(f()); } catch (e) { server.log("threw " + e); } }'


def test_a_receive_pin_taken_by_a_gpio(make: Make) -> None:
    """What had arrived can be read; the port can be disabled and opened again."""
    bench = make("imp003")
    peer = Peer(bench, fmt(9600), "U", "V")
    bench.run(
        """
        u <- hardware.uartUVGD;
        function open() { u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS); }
        open();
        imp.wakeup(0.1, function() {
            hardware.pinV.configure(DIGITAL_IN);
            imp.sleep(0.1);
            server.log(u.readstring());
            u.disable(); open();
            imp.sleep(0.1);
            server.log(u.readstring());
        });
        """,
        0.01,
    )
    for i, text in enumerate((b"before", b"meanwhile", b"after")):
        peer.sender.send(text, BOOT_NS + 10**8 * i + 5 * 10**7)
    assert bench.wait(1) == ["before", "after"]


def test_flow_control_pins_taken_by_gpios(make: Make) -> None:
    """The port moves RTS no longer, and CTS no longer keeps bytes back."""
    bench = make("imp003")
    peer = Peer(bench, fmt(9600), "U", "V")
    cts = bench.nets["D"].driver("peer cts")
    cts.set(Drive.HIGH)
    bench.run(
        """
        hardware.uartUVGD.configure(9600, 8, PARITY_NONE, 1);
        hardware.pinG.configure(DIGITAL_OUT, 0);
        hardware.uartUVGD.write("held");
        imp.wakeup(0.2, @() hardware.pinD.configure(DIGITAL_IN));
        """,
        0.1,
    )
    assert peer.got() == b""
    peer.sender.send(bytes(100))
    bench.wait(0.3)
    assert peer.got() == b"held"
    assert bench.nets["G"].level() == 0


def test_flow_control_pins_are_used_only_with_flow_control(make: Make) -> None:
    """CTS is an input whatever the pin did before; without flow control both pins are free again."""
    bench = make("imp003")
    bench.nets["D"].pull("d", high=False)
    bench.nets["G"].pull("g", high=True)
    log = bench.run(
        """
        u <- hardware.uartUVGD;
        hardware.pinD.configure(DIGITAL_OUT, 1);
        u.configure(9600, 8, PARITY_NONE, 1);
        server.log(hardware.pinD.read() + " " + hardware.pinG.read());
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
        server.log(hardware.pinG.read());
        """
    )
    assert log == ["0 0", "1"]


@pytest.mark.parametrize("stop", ["disable()", "configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS)"])
def test_transmit_active_ends_with_a_transmission_cut_short(make: Make, stop: str) -> None:
    """UART-TXA-02: the pin is inactive when the UART is idle."""
    bench = make()
    bench.run(
        f"""
        u <- hardware.uart2;
        u.settxactive(hardware.pinL, 1);
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
        u.write(blob(20));
        imp.wakeup(0.005, @() u.{stop});
        """,
        0.003,
    )
    assert bench.nets["L"].level() == 1
    bench.wait(0.1)
    assert bench.nets["L"].level() == 0


def test_transmit_active_begun_in_mid_transmission(make: Make) -> None:
    bench = make()
    bench.nets["L"].probe(True)
    bench.run(
        """
        u <- hardware.uart2;
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
        u.write(blob(20));
        u.settxactive(hardware.pinL, 1);
        """,
        0.1,
    )
    assert bench.nets["L"].edges(BOOT_NS, bench.world.now).levels.tolist() == [1, 0]


def test_callback_has_the_flags_of_all_that_came_while_it_waited(make: Make) -> None:
    bench = make()
    good, bad = Peer(bench, fmt(9600, "O")), Peer(bench, fmt(9600, "E"))
    bench.run(
        """
        u <- hardware.uart2;
        function on(flags) { u.readblob(); server.log(flags & (PARITY_ERROR | READ_READY)); }
        u.configure(9600, 8, PARITY_ODD, 1, NO_CTSRTS | CALLBACK_WITH_FLAGS, on);
        imp.wakeup(0.1, @() imp.sleep(0.2));
        """,
        0.01,
    )
    good.sender.send(b"A", BOOT_NS + 15 * 10**7)
    bad.sender.send(b"A", BOOT_NS + 20 * 10**7)
    assert bench.wait(1) == ["17"]


def test_reconfigured_within_its_callback(make: Make) -> None:
    """The new callback is called from then on; the old one runs to its end."""
    log = make().run(
        """
        u <- hardware.uart2;
        function open(callback) {
            u.configure(115200, 8, PARITY_NONE, 1, NO_CTSRTS | CALLBACK_WITH_FLAGS, callback);
            u.write("x");
        }
        function second(flags) { server.log("second " + flags); u.disable(); }
        function first(flags) { open(second); server.log("first " + flags); }
        open(first);
        """
    )
    assert log == ["first 2", "second 2"]


def test_a_port_that_does_not_send(make: Make) -> None:
    log = make("imp002").run(
        ATTEMPT
        + """
        u <- hardware.uartB;
        attempt(@() u.write("a"));
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
        attempt(@() u.write("a"));
        attempt(@() u.settxactive(hardware.pin1, 1));
        """
    )
    assert log == ["threw uart not configured"] + 2 * ["threw uart has no transmitter"]


def test_amounts_below_one(make: Make) -> None:
    bench = make()
    peer = Peer(bench, fmt(9600))
    bench.run(
        """
        u <- hardware.uart2;
        u.configure(9600, 8, PARITY_NONE, 1, NO_CTSRTS);
        function counted() { return u.readblob(-1).len() + " " + u.readstring(0).len(); }
        imp.wakeup(0.2, @() server.log(counted() + " " + u.readstring()));
        """,
        0.1,
    )
    peer.sender.send(b"abc")
    assert bench.wait(1) == ["0 0 abc"]


@pytest.mark.parametrize(("impos", "returned"), [("29", "null"), ("30", "integer")])
def test_the_rate_is_returned_from_release_30_on(make: Make, impos: str, returned: str) -> None:
    source = "server.log(typeof hardware.uart12.configure(9600, 8, PARITY_NONE, 1));"
    assert make("imp001", impos).run(source) == [returned]
