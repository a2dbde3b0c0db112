"""Two nodes on one RS485 bus: the imp with `settxactive()` as driver enable, the bench as the other side."""

import pytest

from benchctl.buses.uart import UartFormat
from benchctl.capture import timing
from fixtures.serial import characters, line_format, measured_bit

REQUEST = b"\x00\xffrequest\x00\xff"
REPLY = b"\xff\x00reply\xff\x00"
BAUDS = [9600, 19_200, 57_600, 115_200]


@pytest.fixture
def node(rs485):
    """The imp's UART with its driver enable set up, as a function of the baud rate."""

    def at(baud):
        fmt = rs485.configure(UartFormat(baud))
        rs485.imp.settxactive(rs485.de_pin, 1)
        rs485.bench.discard_input()
        return rs485, fmt

    return at


def judge_bus(judge, wave, port):
    """Both drivers are never on together."""
    clash = timing.contention(wave, port.de_net, port.far_de_net)
    judge.equal("times both drivers are on", len(clash), 0)
    off = timing.active_windows(wave, port.de_net)[1]
    end = int(off[0]) if len(off) else wave.end
    bit = max(1, int(wave.rate) // port.bench.format.baud)
    judge.attach_waveform(wave, f"{port.name} and the bench on one bus", closer=(end - 10 * bit, end))


@pytest.mark.claim("r34-uart-half-duplex-external-buffer", "r34-settxactive-drives-rs485-de")
@pytest.mark.parametrize("baud", BAUDS)
def test_request_and_reply(bench, judge, node, baud):
    """The imp asks, lets go of the bus in time, and hears the reply from its first byte to its last."""
    port, fmt = node(baud)
    with bench.capture(
        [port.tx_net, port.rx_net, port.de_net, port.far_rx_net, port.far_de_net], 2e6
    ) as recording:
        port.imp.write(REQUEST)
        asked = port.bench.read(len(REQUEST))
        port.bench.write(REPLY)
        port.bench.drain()
        bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    wave = recording.waveform
    judge.equal("read by the bench", asked, REQUEST)
    judge.equal("read by the imp", port.imp.readblob(), REPLY)
    judge.equal("on the bus", characters(wave, port.far_rx_net, fmt).data(), REQUEST + REPLY)
    judge_bus(judge, wave, port)


@pytest.mark.claim("r34-uart-half-duplex-external-buffer")
@pytest.mark.parametrize("rounds", [10])
def test_exchange_without_loss(bench, imp, judge, node, rounds):
    """Back and forth: the bench answers each request as fast as it can."""
    port, _ = node(115_200)
    steps, answers = [], []
    for n in range(rounds):
        steps += [
            (port.imp.write, (bytes([n]) + REQUEST,)),
            (port.imp.flush, ()),
            (imp.sleep, (0.01,)),
            (port.imp.readblob, ()),
        ]

    def answer():
        for _ in range(rounds):
            asked = port.bench.read(1 + len(REQUEST))
            answers.append(asked)
            port.bench.write(asked[:1] + REPLY)

    results = imp.run_detached(steps, meanwhile=answer)
    judge.equal("requests", answers, [bytes([n]) + REQUEST for n in range(rounds)])
    judge.equal("replies", results[3::4], [bytes([n]) + REPLY for n in range(rounds)])


@pytest.mark.claim("r34-uart-half-duplex-external-buffer")
@pytest.mark.parametrize("text", [b"\x00", b"\xff", b"U", REPLY], ids=["0x00", "0xff", "one byte", "several"])
def test_imp_hears_the_bus_when_it_does_not_send(bench, judge, node, text):
    port, fmt = node(19_200)
    port.bench.write(text)
    port.bench.drain()
    bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    judge.equal("read by the imp", port.imp.readblob(), text)


@pytest.mark.claim("r34-settxactive-drives-rs485-de")
@pytest.mark.parametrize("baud", BAUDS)
def test_driver_is_on_for_whole_characters(bench, judge, node, baud):
    """On the bus: the first start bit and the last stop bit are whole, and the bus is free soon after."""
    port, fmt = node(baud)
    with bench.capture([port.tx_net, port.de_net, port.far_rx_net, port.far_de_net], 4e6) as recording:
        port.imp.write(REQUEST)
        judge.equal("read by the bench", port.bench.read(len(REQUEST)), REQUEST)
        bench.clock.sleep(0.0003)
    wave = recording.waveform
    sent, heard = (characters(wave, net, fmt) for net in (port.tx_net, port.far_rx_net))
    judge.equal("on TX", sent.data(), REQUEST)
    judge.equal("on the bus", heard.data(), REQUEST)
    judge.equal("errors on the bus", len(heard) - len(heard.where("data", error="")), 0)
    bit = measured_bit(wave, port.tx_net, fmt).bit
    before = timing.de_to_start(wave, port.de_net, sent)
    after = timing.stop_to_de(wave, port.de_net, sent, line_format(fmt), bit)
    judge.equal("times the driver goes on, off", (len(before), len(after)), (1, 1))
    for name, delay, high in (
        ("driver on before the first start bit", before[0], None),
        # A Modbus reply may come after 3.5 characters of silence (V1.02, 2.5.1.1).
        ("driver off after the last stop bit", after[0], 3.5 * 11e6 / max(fmt.baud, 19_200)),
    ):
        judge.duration(name, delay, "µs", low=0, high=high)
    judge_bus(judge, wave, port)
