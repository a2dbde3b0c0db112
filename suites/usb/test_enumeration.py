"""Plugging in: events, descriptors, addresses, and what must not be accepted."""

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture.interval import Ratio, between_edges
from benchctl.errors import SquirrelError
from fixtures.outcomes import thrown_by
from fixtures.serial import characters
from fixtures.usb import (
    ATTACH_S,
    FULL_SPEED,
    GET_CONFIGURATION,
    GET_DESCRIPTOR,
    SET_ADDRESS,
    SET_CONFIGURATION,
    TO_DEVICE,
    TO_HOST,
)

pytestmark = pytest.mark.modules("imp005")

host = pytest.mark.claim("r34-usb-host-support")
CONNECTED, DISCONNECTED = "USB_DEVICE_CONNECTED", "USB_DEVICE_DISCONNECTED"
# The FT232R (its data sheet, and what a PC reads from one).
FT232R = {
    "vendorid": 0x0403,
    "productid": 0x6001,
    "device": 0x0600,
    "usb": 0x0200,
    "class": 0,
    "numofconfigurations": 1,
}
ENDPOINTS = {(0x81, 2, 64), (0x02, 2, 64)}
DEVICE, CONFIGURATION, STRING = 1, 2, 3
FAST, FAST_CAPTURE_HZ, MUCH = UartFormat(923_077), 12e6, bytes(range(250)) * 2
LOW_SPEED_KBIT = 192  # all that low speed can carry of data (USB 2.0, table 5-1)
ENGLISH = 0x0409


def text(descriptor):
    """The text of a string descriptor."""
    return descriptor[2 : descriptor[0]].decode("utf-16-le")


@host
def test_connect_event_describes_the_device(judge, usb):
    """USB_DEVICE_CONNECTED, callback_tables: the FT232R as its data sheet has it."""
    found = usb.attach()["descriptors"]
    judge.equal("descriptors", {key: found[key] for key in FT232R}, FT232R)
    (configuration,) = found["configurations"]
    (interface,) = configuration["interfaces"]
    endpoints = {(e["address"], e["attributes"], e["maxpacketsize"]) for e in interface["endpoints"]}
    judge.equal("interface class", interface["class"], 0xFF)
    judge.equal("endpoints", endpoints, ENDPOINTS)
    judge.observe("maxpacketsize0", found["maxpacketsize0"])


@pytest.mark.claim("r34-usb-full-speed-12mbps")
def test_device_runs_at_full_speed(bench, judge, usb):
    """USB-LIM-02: the event says 12. An FT232R knows no other speed, and no low-speed bus carries so much."""
    judge.equal("speed", usb.attach()["speed"], FULL_SPEED)
    usb.set_up()
    usb.set_serial(FAST.baud)
    net = usb.far_net("TXD")
    with bench.capture([net], FAST_CAPTURE_HZ) as recording:
        usb.send(MUCH)
        bench.clock.sleep(2 * len(MUCH) * FAST.frame_ns / 1e9)
    wave = recording.waveform
    found = characters(wave, net, FAST).where("data")
    judge.equal("on TXD", found.data(), MUCH)
    span = between_edges(wave, found.start[:1], found.start[-1:])[0]
    rate = 8e6 * (len(found) - 1) / span.value_ns
    carried = Ratio(rate, rate * span.uncertainty_ns / span.value_ns)
    judge.ratio("data carried", carried, "kbit/s", low=LOW_SPEED_KBIT)


@host
def test_event_says_what_the_device_answers(judge, usb):
    """The event's table against the device descriptor read by a control transfer."""
    found = usb.attach()["descriptors"]
    raw = usb.asked(TO_HOST, GET_DESCRIPTOR, DEVICE << 8, count=18)
    judge.equal("length and type", raw[:2], bytes([18, DEVICE]))
    words = {"usb": 2, "vendorid": 8, "productid": 10, "device": 12}
    octets = {"class": 4, "subclass": 5, "protocol": 6, "maxpacketsize0": 7, "manufacturer": 14,
              "product": 15, "serial": 16, "numofconfigurations": 17}  # fmt: skip
    read = {name: int.from_bytes(raw[at : at + 2], "little") for name, at in words.items()}
    read |= {name: raw[at] for name, at in octets.items()}
    judge.equal("by control transfer", read, {name: found[name] for name in read})


@host
def test_strings_are_the_plugged_parts(judge, usb):
    """String descriptors, by the indices of the event; the serial number is the rig's."""
    found = usb.attach()["descriptors"]
    number, maker = (
        text(usb.asked(TO_HOST, GET_DESCRIPTOR, STRING << 8 | found[key], ENGLISH, count=64))
        for key in ("serial", "manufacturer")
    )
    judge.equal("serial number", number, usb.serial_number(usb.serial[0]))
    judge.equal("manufacturer", maker, "FTDI")


@host
def test_address_and_configuration_are_taken(judge, usb):
    """USB-CTL-01: a new device answers at address 0, then at the one it is given, and only there."""
    usb.attach()
    usb.control(TO_DEVICE, SET_ADDRESS, 5)
    judge.equal(
        "serial number asked at 5", usb.asked(TO_HOST, GET_DESCRIPTOR, DEVICE << 8, device=5, count=18)[0], 18
    )
    judge.equal(
        "throws at 0", throws(lambda: usb.asked(TO_HOST, GET_DESCRIPTOR, DEVICE << 8, count=18)), True
    )
    before = usb.asked(TO_HOST, GET_CONFIGURATION, 0, device=5, count=1)
    usb.control(TO_DEVICE, SET_CONFIGURATION, 1, device=5)
    after = usb.asked(TO_HOST, GET_CONFIGURATION, 0, device=5, count=1)
    judge.equal("configuration before, after", (before[0], after[0]), (0, 1))


@host
def test_configuration_descriptor_is_read_whole(judge, usb):
    """More bytes than one packet of endpoint 0 may hold."""
    usb.attach()
    head = usb.asked(TO_HOST, GET_DESCRIPTOR, CONFIGURATION << 8, count=9)
    length = int.from_bytes(head[2:4], "little")
    whole = usb.asked(TO_HOST, GET_DESCRIPTOR, CONFIGURATION << 8, count=length)
    judge.equal("descriptor types", [whole[at + 1] for at in starts(whole)], [2, 4, 5, 5])


def starts(descriptors):
    at = 0
    while at < len(descriptors):
        yield at
        at += descriptors[at]


def throws(act):
    return bool(thrown_by(act))


@host
def test_device_that_was_there_before_is_reported(judge, usb):
    """USB-CFG-01."""
    usb.plug(usb.serial[0])
    usb.configure()
    judge.equal("events", [e.name for e in usb.events(within_s=ATTACH_S, count=1)], [CONNECTED])


@host
def test_each_plugging_is_reported_once(judge, usb):
    """Three times in and out."""
    usb.configure()
    seen = []
    for _ in range(3):
        usb.plug(usb.serial[0])
        seen += usb.events(within_s=ATTACH_S, count=1)
        usb.plug(usb.serial[0], False)
        seen += usb.events(within_s=ATTACH_S, count=1)
    seen += usb.events()
    judge.equal("events", [event.name for event in seen], [CONNECTED, DISCONNECTED] * 3)


@host
def test_another_device_may_follow(judge, usb):
    """Unplugged, and a second part in its place: its own serial number is read."""
    usb.attach()
    usb.plug(usb.serial[0], False)
    usb.events(DISCONNECTED, within_s=ATTACH_S, count=1)
    found = usb.attach(usb.serial[1])["descriptors"]
    raw = usb.asked(TO_HOST, GET_DESCRIPTOR, STRING << 8 | found["serial"], ENGLISH, count=64)
    judge.equal("serial number", text(raw), usb.serial_number(usb.serial[1]))


@host
def test_disable_and_configure_reset_the_bus(judge, usb):
    """USB-DIS-02: the device is back at address 0, and reported anew."""
    usb.attach()
    usb.set_up()
    usb.host.disable()
    judge.equal(
        "throws while disabled",
        throws(lambda: usb.asked(TO_HOST, GET_DESCRIPTOR, 256, device=1, count=18)),
        True,
    )
    usb.listen()
    judge.equal("events", [e.name for e in usb.events(within_s=ATTACH_S, count=1)], [CONNECTED])
    judge.equal("answers at 0", usb.asked(TO_HOST, GET_DESCRIPTOR, DEVICE << 8, count=18)[0], 18)


@pytest.mark.parametrize("role", ["POWER_ENABLE", "FAULT_L"])
def test_nothing_connects_while_a_pin_is_low(bench, imp, judge, usb, role):
    """USB-LIM-06: the port works only with R and W high."""
    pin = bench.rig.module.require_usb().pins[role].split()[0]
    usb.configure()
    if role == "POWER_ENABLE":
        imp.hardware[f"pin{pin}"].write(0)
    else:
        line = bench.gpio(pin)
        line.drive(False)
    usb.plug(usb.serial[0])
    judge.equal("events while low", [e.name for e in usb.events(within_s=ATTACH_S)], [])
    if role == "POWER_ENABLE":
        imp.hardware[f"pin{pin}"].write(1)
    else:
        line.release()
    judge.equal("events once high", [e.name for e in usb.events(within_s=ATTACH_S, count=1)], [CONNECTED])


@pytest.mark.claim("r34-usb-no-hub-support")
def test_device_behind_a_hub_is_not_usable(judge, usb):
    """At most the hub itself may be seen."""
    usb.configure()
    usb.plug(usb.behind_hub[0])
    usb.plug(usb.hub)
    seen = [event.details["descriptors"]["productid"] for event in usb.events(CONNECTED, within_s=ATTACH_S)]
    judge.equal("FT232R reported", FT232R["productid"] in seen, False)
    judge.equal("nothing answers as one", answers_as_ft232r(usb), False)
    usb.plug(usb.hub, False)
    usb.plug(usb.behind_hub[0], False)
    usb.attach()
    judge.equal("plugged directly it is", answers_as_ft232r(usb), True)


def answers_as_ft232r(usb):
    try:
        raw = usb.asked(TO_HOST, GET_DESCRIPTOR, DEVICE << 8, count=18)
    except SquirrelError:
        return False
    return int.from_bytes(raw[10:12], "little") == FT232R["productid"]


@pytest.mark.claim("r34-usb-single-device-only")
def test_two_devices_behind_a_hub_are_not_usable(judge, usb):
    usb.configure()
    for part in usb.behind_hub:
        usb.plug(part)
    usb.plug(usb.hub)
    seen = [event.details["descriptors"]["productid"] for event in usb.events(CONNECTED, within_s=ATTACH_S)]
    judge.equal("FT232R reported", FT232R["productid"] in seen, False)


@pytest.mark.claim("r34-usb-single-device-only")
def test_first_device_goes_on_when_a_second_is_offered(judge, usb):
    """USB-LIM-01: one device. The second gets its supply too; the first is still the one that answers."""
    found = usb.attach()["descriptors"]
    usb.set_up()
    usb.plug(usb.serial[1])
    judge.equal("events", [e.name for e in usb.events(within_s=ATTACH_S)], [])
    raw = usb.asked(TO_HOST, GET_DESCRIPTOR, STRING << 8 | found["serial"], ENGLISH, device=1, count=64)
    judge.equal("serial number", text(raw), usb.serial_number(usb.serial[0]))
    usb.set_serial(19_200)
    usb.far_end.configure(UartFormat(19_200))
    usb.send(b"still here")
    judge.equal("at the far end", usb.far_end.read(10), b"still here")
