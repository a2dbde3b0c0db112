"""Modbus RTU over RS485: pymodbus' frames on the bench's side, a device program on the imp's.

The device programs (slave.nut, master.nut) are what a product would run: `TIMING_ENABLED` tells frames apart,
`settxactive()` works the transceiver. Times are those of Modbus over serial line V1.02, 2.5.1.1.
"""

from pathlib import Path

import pytest
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from benchctl.buses.uart import Parity, UartFormat
from benchctl.capture import modbus, timing
from fixtures.serial import characters, line_format, measured_bit

pytestmark = pytest.mark.claim("r34-uart-modbus-rtu-viable")

ADDRESS = 17
REFUSED = 0x80
BAUDS = [9600, 19_200, 38_400, 115_200]
REGISTERS = [0x0000, 0xFFFF, 0x1234, 0x8001]
CLIENT, SERVER = FramerRTU(DecodePDU(False)), FramerRTU(DecodePDU(True))
# A round trip: the longest frame here has 17 characters, then 3.5 of silence on either side and the answer.
ANSWER_CHARACTERS = 60


def modbus_format(baud):
    """8E1, the character of 11 bits that Modbus counts with."""
    return UartFormat(baud, parity=Parity.EVEN)


@pytest.fixture
def node(bench, rs485, device_program):
    """Runs slave.nut or master.nut on the imp at a baud rate; gives the UART and its format."""

    def run(name, baud):
        source = (Path(__file__).parent / name).read_text()
        pin = bench.wiring.imp_pins_on(bench.wiring.net(rs485.de_net))[0]
        for place, text in (("uart", rs485.name), ("pin", pin), ("baud", str(baud))):
            source = source.replace(f"@{{{place}}}", text)
        ready = device_program.lines(source, 1)
        assert ready == ["ready"], f"{name} said {ready}"
        fmt = modbus_format(baud)
        rs485.bench.configure(fmt)
        rs485.bench.discard_input()
        return rs485, fmt

    return run


def ask(bench, port, fmt, request, length):
    """Send a request and read `length` bytes of answer; returns pymodbus' PDU of it, None for nothing."""
    port.bench.write(CLIENT.buildFrame(request))
    return answer(bench, port, fmt, length)


def answer(bench, port, fmt, length):
    """The answer of `length` bytes, decoded; the line is silent for long enough afterwards."""
    data = port.bench.read(length, timeout_s=ANSWER_CHARACTERS * fmt.frame_ns / 1e9 + 0.02)
    bench.clock.sleep(modbus.silences_ns(fmt.baud)[1] / 1e9)
    return CLIENT.handleFrame(data, ADDRESS, 0)[1]


def recording_of(bench, port):
    return bench.capture([port.tx_net, port.rx_net, port.de_net, port.far_rx_net, port.far_de_net], 2e6)


def judge_frames(judge, wave, port, fmt, count):
    """Everything on the bus is whole frames; answers keep 3.5 characters' distance, drivers never overlap."""
    line = line_format(fmt)
    frames = modbus.decode(wave, port.far_rx_net, line)
    judge.equal("frames on the bus", len(frames), count)
    judge.equal("frames with an error", [frame.error for frame in frames if frame.error], [])
    asked, answered = (characters(wave, net, fmt) for net in (port.rx_net, port.tx_net))
    turnaround = timing.turnaround(wave, asked, answered, line, measured_bit(wave, port.rx_net, fmt).bit)
    t35 = modbus.silences_ns(fmt.baud)[1]
    if shortest := turnaround.shortest:
        judge.duration("silence before an answer", shortest, "µs", low=t35 / 1e3)
    judge.equal("times both drivers are on", len(timing.contention(wave, port.de_net, port.far_de_net)), 0)
    judge.attach_waveform(wave, f"Modbus RTU at {fmt.baud} baud")


@pytest.mark.parametrize("baud", BAUDS)
def test_imp_as_slave(bench, judge, node, baud):
    """Write registers, read them back, write one, read it back."""
    port, fmt = node("slave.nut", baud)
    with recording_of(bench, port) as recording:
        wrote = ask(
            bench, port, fmt, WriteMultipleRegistersRequest(address=4, registers=REGISTERS, dev_id=ADDRESS), 8
        )
        read = ask(bench, port, fmt, ReadHoldingRegistersRequest(address=4, count=4, dev_id=ADDRESS), 13)
        single = ask(
            bench, port, fmt, WriteSingleRegisterRequest(address=0, registers=[0xBEEF], dev_id=ADDRESS), 8
        )
        again = ask(bench, port, fmt, ReadHoldingRegistersRequest(address=0, count=1, dev_id=ADDRESS), 7)
    judge.equal("registers written", (wrote.address, wrote.count), (4, 4))
    judge.equal("registers read", read.registers, REGISTERS)
    judge.equal("register written", (single.address, single.registers), (0, [0xBEEF]))
    judge.equal("register read", again.registers, [0xBEEF])
    judge_frames(judge, recording.waveform, port, fmt, 8)


@pytest.mark.parametrize("baud", BAUDS)
def test_imp_as_master(bench, judge, node, device_program, baud):
    """The imp reads registers that the bench holds; what it logs is what the bench sent."""
    port, fmt = node("master.nut", baud)
    held, rounds = [n * 4321 & 0xFFFF for n in range(12)], 4
    asked = []
    with recording_of(bench, port) as recording:
        for _ in range(rounds):
            request = SERVER.handleFrame(port.bench.read(8), ADDRESS, 0)[1]
            asked.append((request.address, request.count))
            values = held[request.address : request.address + request.count]
            bench.clock.sleep(1.1 * modbus.silences_ns(baud)[1] / 1e9)
            port.bench.write(
                SERVER.buildFrame(ReadHoldingRegistersResponse(registers=values, dev_id=ADDRESS))
            )
        lines = [entry.text for entry in device_program.entries(1.0, kind="server.log", count=1 + rounds)]
    judge.equal("requests", asked, [(3 * n, 3) for n in range(rounds)])
    judge.equal(
        "logged", lines[1:], [f"{n}: " + " ".join(map(str, held[3 * n : 3 * n + 3])) for n in range(rounds)]
    )
    wave = recording.waveform
    frames = modbus.decode(wave, port.far_rx_net, line_format(fmt))
    judge.equal("frames on the bus", len(frames), 2 * rounds)
    judge.equal("frames with an error", [frame.error for frame in frames if frame.error], [])
    judge.attach_waveform(wave, f"Modbus RTU at {baud} baud, the imp is the master")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(ReadHoldingRegistersRequest(address=12, count=8, dev_id=ADDRESS), 2, id="address"),
        pytest.param(
            WriteSingleRegisterRequest(address=99, registers=[1], dev_id=ADDRESS), 2, id="single address"
        ),
    ],
)
def test_slave_refuses(bench, judge, node, request_, code):
    """Exception responses come back through the same path."""
    port, fmt = node("slave.nut", 19_200)
    reply = ask(bench, port, fmt, request_, 5)
    judge.equal(
        "exception", (reply.function_code, reply.exception_code), (request_.function_code | REFUSED, code)
    )


SILENCES = {
    "none": (0, True),
    "1 character": (1.0, True),
    "2 characters": (2.0, False),
    "3 characters": (3.0, False),
    "6 characters": (6.0, False),
}


@pytest.mark.parametrize(("silence", "answered"), SILENCES.values(), ids=SILENCES)
@pytest.mark.parametrize("baud", [9600, 19_200])
def test_silence_within_a_frame(bench, judge, node, device_program, baud, silence, answered):
    """Up to 1.5 characters are part of the frame; more makes it invalid, and the next frame is good again."""
    port, fmt = node("slave.nut", baud)
    request = ReadHoldingRegistersRequest(address=0, count=2, dev_id=ADDRESS)
    frame = CLIENT.buildFrame(request)
    gaps = [0.0] * len(frame)
    gaps[3] = silence * fmt.frame_ns / 1e3
    with recording_of(bench, port) as recording:
        port.bench.write_gapped(frame, gaps)
        bench.clock.sleep(ANSWER_CHARACTERS * fmt.frame_ns / 1e9)
    sent = characters(recording.waveform, port.tx_net, fmt).data()
    expected = CLIENT.handleFrame(sent, ADDRESS, 0)[1] is not None
    judge.equal("answered", (bool(sent), expected), (answered, answered))
    judge.attach_waveform(recording.waveform, f"{silence} characters of silence within a frame")
    port.bench.discard_input()
    good = ask(bench, port, fmt, request, 9)
    judge.equal("answer to the next frame", good.registers, [0, 0])


@pytest.mark.parametrize("silence", [4.0, 8.0], ids="{} characters".format)
def test_silence_separates_frames(bench, judge, node, silence):
    """A frame for another slave, 3.5 characters or more, then one for this slave: that one is answered."""
    port, fmt = node("slave.nut", 19_200)
    other = CLIENT.buildFrame(ReadHoldingRegistersRequest(address=0, count=2, dev_id=ADDRESS + 1))
    own = CLIENT.buildFrame(ReadHoldingRegistersRequest(address=0, count=1, dev_id=ADDRESS))
    gaps = [0.0] * len(other + own)
    gaps[len(other) - 1] = silence * fmt.frame_ns / 1e3
    with recording_of(bench, port) as recording:
        port.bench.write_gapped(other + own, gaps)
        bench.clock.sleep(ANSWER_CHARACTERS * fmt.frame_ns / 1e9)
    wave = recording.waveform
    judge.equal("sent by the imp", characters(wave, port.tx_net, fmt).data()[:3], bytes([ADDRESS, 3, 2]))
    judge_frames(judge, wave, port, fmt, 3)


def test_damaged_frame_is_not_answered(bench, judge, node, device_program):
    port, fmt = node("slave.nut", 19_200)
    request = ReadHoldingRegistersRequest(address=0, count=1, dev_id=ADDRESS)
    frame = CLIENT.buildFrame(request)
    with recording_of(bench, port) as recording:
        port.bench.write(frame[:-1] + bytes([frame[-1] ^ 1]))
        port.bench.drain()
        bench.clock.sleep(ANSWER_CHARACTERS * fmt.frame_ns / 1e9)
    judge.equal("edges on TX", len(recording.waveform.edges(port.tx_net)), 0)
    logged = [entry.text for entry in device_program.entries(0.01, kind="server.log")]
    judge.equal("logged", logged[1:], ["dropped: crc"])
    judge.equal("answer to the next frame", ask(bench, port, fmt, request, 7).registers, [0])
