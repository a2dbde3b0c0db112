"""Ports as a whole: how many there are, reconfiguring, disabling, and not crashing at any of it."""

import pytest

from benchctl.buses.uart import UartFormat
from fixtures.serial import imp_format

PLAIN = UartFormat(115_200)
OTHER = UartFormat(57_600)
TEXT = b"still alive \x00\xff"
RUNS, ROUNDS = 3, 20  # in runs of so many, since the steps of a run take memory of the imp
LOAD_S = 0.08
STREAM = bytes(range(256)) * 4


def judge_alive(bench, imp, judge, port, boots):
    """No restart, and data flows both ways."""
    judge.equal("boots", imp.session.open().boots, boots)
    fmt = port.configure(PLAIN)
    port.bench.discard_input()
    port.imp.read.until(-1)
    port.bench.write(TEXT)
    port.bench.drain()
    bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    judge.equal("read by the imp", port.imp.readblob(), TEXT)
    port.imp.write(TEXT)
    judge.equal("read by the bench", port.bench.read(len(TEXT)), TEXT)


@pytest.mark.claim("r30-imp003-five-uarts")
def test_five_separate_uarts(bench, imp, judge, each_uart):
    """Every one carries data both ways."""
    judge_alive(bench, imp, judge, each_uart, imp.hello.boots)


@pytest.mark.claim("r30-imp003-five-uarts")
def test_uart_on_rs485_is_one_of_them(bench, imp, judge, rs485):
    """The program works the transceiver itself, as every release can."""
    fmt = rs485.configure(PLAIN)
    rs485.de_pin.configure(imp.DIGITAL_OUT, 0)
    rs485.bench.write(TEXT)
    rs485.bench.drain()
    bench.clock.sleep(2 * fmt.frame_ns / 1e9)
    judge.equal("read by the imp", rs485.imp.readblob(), TEXT)
    enable, send = rs485.de_pin.write, rs485.imp
    imp.run_detached([(enable, (1,)), (send.write, (TEXT,)), (send.flush, ()), (enable, (0,))])
    judge.equal("read by the bench", rs485.bench.read(len(TEXT)), TEXT)


@pytest.mark.claim("r30-imp003-five-uarts")
def test_all_uarts_of_the_module_exist(bench, imp, judge):
    named = bench.rig.module.uarts
    judge.equal("UART objects", {name for name in named if name in imp.hardware}, set(named))


@pytest.mark.claim("r42-uart-reconfigure-running-crash")
@pytest.mark.parametrize("other", [PLAIN, OTHER], ids=["same rate", "two rates"])
def test_reconfiguring_while_data_streams_in(bench, imp, judge, uart, other):
    """UART-CFG-08: the bench sends without a pause while the port is configured again and again."""
    boots = imp.hello.boots
    uart.configure(PLAIN)
    steps = []
    for fmt in [PLAIN, other] * (ROUNDS // 2):
        steps += [(uart.imp.configure, (*imp_format(fmt), imp.NO_CTSRTS)), (imp.sleep, (0.0005,))]
    for _ in range(RUNS):
        imp.run_detached(steps, meanwhile=lambda: uart.bench.write(STREAM))
        uart.bench.drain()
    judge_alive(bench, imp, judge, uart, boots)


@pytest.mark.claim("r42-uart-reconfigure-running-crash")
def test_reconfiguring_while_data_streams_out(bench, imp, judge, uart):
    boots = imp.hello.boots
    steps = []
    for _ in range(ROUNDS):
        steps += [(uart.imp.configure, (*imp_format(PLAIN), imp.NO_CTSRTS)), (uart.imp.write, (TEXT,))]
    for _ in range(RUNS):
        imp.run_detached(steps)
    bench.clock.sleep(0.01)
    judge_alive(bench, imp, judge, uart, boots)


@pytest.mark.claim("r42-imp005-uart-config-interrupt-load")
def test_configuring_under_interrupt_load(bench, imp, judge, uart, pin):
    """Pulses on a pin with a callback and data on the port, while it is configured again and again."""
    boots = imp.hello.boots
    pin.imp.configure(imp.DIGITAL_IN, imp.on_event())
    uart.configure(PLAIN)

    def load():
        uart.bench.write(STREAM)
        end = bench.clock.deadline_ns(LOAD_S)
        while bench.clock.now_ns() < end:
            pin.line.drive(True)
            pin.line.drive(False)

    steps = []
    for _ in range(ROUNDS):
        steps += [(uart.imp.configure, (*imp_format(PLAIN), imp.NO_CTSRTS)), (imp.sleep, (0.002,))]
    for _ in range(RUNS):
        imp.run_detached(steps, meanwhile=load)
    pin.imp.configure(imp.DIGITAL_IN)
    uart.bench.drain()
    judge_alive(bench, imp, judge, uart, boots)


@pytest.mark.claim("r42-imp005-uart-read-before-configure")
def test_nothing_is_received_before_the_first_configure(bench, imp, judge, uart, power_cycle):
    """Bytes come in from the imp's start on; only those after configure() are read."""
    uart.bench.configure(PLAIN)
    boots = power_cycle().boots
    uart.bench.write(b"too early")
    uart.bench.drain()
    uart.imp.configure(*imp_format(PLAIN), imp.NO_CTSRTS)
    judge.equal("read() after configure()", uart.imp.read(), -1)
    uart.bench.write(b"in time")
    uart.bench.drain()
    bench.clock.sleep(0.001)
    judge.equal("read by the imp", uart.imp.readblob(), b"in time")
    judge_alive(bench, imp, judge, uart, boots)


def test_disabled_port_neither_sends_nor_receives(bench, imp, judge, uart):
    """UART-DIS-01. Whether write() then throws is not documented (UART-WRITE-05)."""
    uart.configure(PLAIN)
    uart.imp.disable()
    uart.bench.discard_input()
    uart.bench.write(b"to nobody")
    uart.bench.drain()
    with bench.capture([uart.tx_net], 1e6) as recording:
        outcome = imp.run_detached([(uart.imp.write, (b"from nobody",))])[0]
        bench.clock.sleep(0.002)
    judge.observe("write() when disabled", outcome)
    judge.equal("edges on TX", len(recording.waveform.edges(uart.tx_net)), 0)
    judge_alive(bench, imp, judge, uart, imp.hello.boots)


@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp006", "impC001")
def test_disable_lets_its_pins_be_used_otherwise(bench, imp, judge, each_uart):
    """UART-DIS-01: TX becomes a GPIO output, then a UART again. UARTs of the imp005 have their own pins."""
    each_uart.configure(PLAIN)
    each_uart.imp.disable()
    pin = imp.hardware[f"pin{bench.rig.module.uart(each_uart.name).tx}"]
    with bench.capture([each_uart.tx_net], 1e6) as recording:
        moves = [(pin.write, (level,)) for level in (1, 0, 1)]
        imp.run_detached([(pin.configure, (imp.DIGITAL_OUT, 0)), *moves])
    wave = recording.waveform
    edges = wave.edges(each_uart.tx_net)
    judge.equal("last level", bool(wave.level_at(each_uart.tx_net, wave.end)), True)
    judge.equal("pulses seen", len(edges) >= 3, True)
    judge_alive(bench, imp, judge, each_uart, imp.hello.boots)
