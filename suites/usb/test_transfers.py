"""Transfers of an attached FT232R, with a bench UART at its far end."""

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.errors import SquirrelError
from fixtures.outcomes import thrown_by
from fixtures.serial import characters, measured_rate
from fixtures.usb import (
    ATTACH_S,
    BULK,
    BULK_IN,
    BULK_OUT,
    BULK_SIZE,
    FULL_SPEED,
    GET_DESCRIPTOR,
    STATUS_BYTES,
    TO_HOST,
    VENDOR,
)

pytestmark = [pytest.mark.modules("imp005"), pytest.mark.claim("r34-usb-host-support")]

COMPLETED, DISCONNECTED = "USB_TRANSFER_COMPLETED", "USB_DEVICE_DISCONNECTED"
OK = 0  # transfer_states, api/usb.yaml
BAUDS = {9600: 1e6, 115_200: 8e6}
NO_REQUEST = 0x7F
TOLERANCE = 0.005  # FTDI's divisors are within a quarter of a per cent of these rates


@pytest.fixture
def serial(usb):
    """The FT232R attached, with address and endpoints, at 115200 baud at both ends."""
    usb.attach()
    usb.set_up()
    usb.set_serial(115_200)
    usb.far_end.configure(UartFormat(115_200))
    return usb


def completed(usb, count=1):
    return [event.details for event in usb.events(COMPLETED, within_s=ATTACH_S, count=count)]


def throws(act):
    """Whether something throws on the imp."""
    return bool(thrown_by(act))


def patterned(length):
    return bytes((71 * at + 3) & 0xFF for at in range(length))


@pytest.mark.parametrize("baud", BAUDS)
def test_vendor_requests_set_the_rate_of_the_far_end(bench, judge, serial, baud):
    """Control transfers out: the rate that FTDI's divisor asks for is the one on TXD."""
    fmt, text = UartFormat(baud), b"U" * 24
    serial.set_serial(baud)
    with bench.capture([serial.far_net("TXD")], BAUDS[baud]) as recording:
        serial.send(text)
        completed(serial)
        bench.clock.sleep(len(text) * fmt.frame_ns / 1e9)
    wave = recording.waveform
    judge.equal("on TXD", characters(wave, serial.far_net("TXD"), fmt).data(), text)
    rate = measured_rate(wave, serial.far_net("TXD"), fmt)
    judge.ratio("rate on TXD", rate, "Bd", low=baud * (1 - TOLERANCE), high=baud * (1 + TOLERANCE))
    judge.attach_waveform(wave, f"{baud} baud")


@pytest.mark.parametrize("length", [1, BULK_SIZE, BULK_SIZE + 1, 500])
def test_bulk_out_arrives(judge, serial, length):
    """USB-GEN-02: the completion event tells device, endpoint, state and length."""
    serial.send(patterned(length))
    judge.equal("at the far end", serial.far_end.read(length), patterned(length))
    (details,) = completed(serial)
    expected = {"device": 1, "endpoint": BULK_OUT, "state": OK, "length": length}
    judge.equal("USB_TRANSFER_COMPLETED", details, expected)


@pytest.mark.parametrize("length", [1, 30, BULK_SIZE - STATUS_BYTES])
def test_bulk_in_delivers(judge, serial, length):
    """What the far end sends is in the blob that was passed, behind the FT232R's two status bytes."""
    serial.far_end.write(patterned(length))
    serial.far_end.drain()
    blob = serial.receive(BULK_SIZE)
    (details,) = completed(serial)
    content = blob.value()
    judge.equal("event", {key: details[key] for key in ("device", "endpoint", "state")},
                {"device": 1, "endpoint": BULK_IN, "state": OK})  # fmt: skip
    judge.equal("length", details["length"], length + STATUS_BYTES)
    judge.equal("received", content[STATUS_BYTES : details["length"]], patterned(length))
    blob.forget()


def test_both_ways_at_once(judge, serial):
    """One transfer each way in progress at a time (USB-GEN-04): neither disturbs the other."""
    serial.far_end.write(b"towards the imp")
    serial.far_end.drain()
    blob = serial.receive(BULK_SIZE)
    serial.send(b"away from it")
    ended = completed(serial, count=2)
    judge.equal(
        "states", {details["endpoint"]: details["state"] for details in ended}, {BULK_IN: OK, BULK_OUT: OK}
    )
    judge.equal("at the far end", serial.far_end.read(12), b"away from it")
    judge.equal("at the imp", blob.value()[STATUS_BYTES : STATUS_BYTES + 15], b"towards the imp")
    blob.forget()


def test_many_transfers_lose_nothing(judge, serial):
    text = patterned(40)
    for number in range(6):
        serial.send(text)
        details = completed(serial)
        judge.equal(f"transfer {number}", [d["state"] for d in details], [OK])
    judge.equal("at the far end", serial.far_end.read(6 * len(text)), 6 * text)


def test_stall_throws_and_is_over(judge, serial):
    """USB-CTL-E1: a request that the device refuses. The next one is answered."""
    with pytest.raises(SquirrelError) as refused:
        serial.asked(TO_HOST | VENDOR, NO_REQUEST, 0, device=1, count=4)
    judge.observe("thrown", refused.value.thrown)
    judge.equal("next request", serial.asked(TO_HOST, GET_DESCRIPTOR, 0x0100, device=1, count=18)[0], 18)


def test_wrong_device_address_throws(judge, serial):
    judge.equal(
        "control", throws(lambda: serial.asked(TO_HOST, GET_DESCRIPTOR, 0x0100, device=9, count=18)), True
    )
    judge.equal("bulk", throws(lambda: serial.send(b"x", address=9)), True)


def test_transfer_needs_an_open_endpoint(judge, usb):
    """USB-GEN-01."""
    usb.attach()
    judge.equal("bulk out before openendpoint()", throws(lambda: usb.send(b"x", address=0)), True)
    usb.set_up()
    usb.send(b"x")
    judge.equal("state afterwards", [details["state"] for details in completed(usb)], [OK])


@pytest.mark.parametrize(
    ("what", "kind", "endpoint"),
    [("isochronous", 1, BULK_OUT), ("interrupt out", 3, BULK_OUT), ("an endpoint it has not", BULK, 0x06)],
    ids=["isochronous", "interrupt out", "absent"],
)
def test_endpoint_that_cannot_be_opened_throws(judge, usb, what, kind, endpoint):
    """USB-OPN-E1, USB-LIM-03."""
    usb.attach()
    usb.set_up()
    open_it = usb.host.openendpoint
    judge.equal(f"{what} throws", throws(lambda: open_it(FULL_SPEED, 1, 0, kind, BULK_SIZE, endpoint)), True)


def fails(usb, act):
    """Whether a transfer throws, or ends in a state that is an error."""
    if throws(act):
        return True
    return any(details["state"] != OK for details in completed(usb))


@pytest.mark.parametrize("way", ["disable", "unplug"])
def test_endpoints_close(judge, serial, way):
    """USB-DIS-01: transfers on endpoints closed by disable() or by unplugging fail; reopened they work."""
    if way == "disable":
        serial.host.disable()
        serial.listen()
    else:
        serial.plug(serial.serial[0], False)
        serial.events(DISCONNECTED, within_s=ATTACH_S, count=1)
        serial.plug(serial.serial[0])
    serial.events("USB_DEVICE_CONNECTED", within_s=ATTACH_S, count=1)
    judge.equal("fails", fails(serial, lambda: serial.send(b"x")), True)
    serial.set_up()
    serial.set_serial(115_200)
    serial.far_end.discard_input()
    serial.send(b"open again")
    judge.equal("once opened again", serial.far_end.read(10), b"open again")


def test_unplugged_in_the_middle_of_a_transfer(bench, judge, serial):
    """The disconnect event comes, the transfer does not end as OK, and nothing works until it is back."""
    serial.set_serial(300)
    serial.send(patterned(400))
    bench.clock.sleep(0.02)
    serial.plug(serial.serial[0], False)
    events = serial.events(within_s=ATTACH_S)
    names = [event.name for event in events]
    judge.equal("disconnect events", names.count(DISCONNECTED), 1)
    states = [event.details["state"] for event in events if event.name == COMPLETED]
    judge.equal("ended as OK", OK in states, False)
    judge.observe("states it ended in", states)
    judge.equal("bulk fails", fails(serial, lambda: serial.send(b"x")), True)
    judge.equal(
        "control fails", throws(lambda: serial.asked(TO_HOST, GET_DESCRIPTOR, 256, device=1, count=18)), True
    )
    serial.plug(serial.serial[0])
    judge.equal("connects again", len(serial.events("USB_DEVICE_CONNECTED", within_s=ATTACH_S, count=1)), 1)
