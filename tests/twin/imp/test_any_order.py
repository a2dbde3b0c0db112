"""Calls in any order, with pins that several objects want: Squirrel may throw, the bench may not."""

import random
from collections.abc import Callable, Iterator

import pytest

from benchctl.dut.module import Module
from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]

UART = (
    "configure(9600, 8, PARITY_EVEN, 1, 0, called)",
    "configure(300, 7, PARITY_NONE, 2, NO_RX)",
    "configure(115200, 8, PARITY_NONE, 1, NO_TX | CALLBACK_WITH_FLAGS | TIMING_ENABLED, called)",
    "disable()",
    "write(blob(50))",
    "read()",
    "readblob(5)",
    "flags()",
    "setrxfifosize(100)",
    "settxactive({pin}, 1, 5, 50)",
    "settxactive(null, 1)",
)
SPI = (
    "configure(0, 1000)",
    "configure(NO_SCLK | SIMPLEX_TX, 1000)",
    "configure(USE_CS_L, 1000)",
    "disable()",
    'write("abc")',
    "readblob(2)",
)
I2C = ("configure(400000)", "disable()", 'write(0xA0, "ab")', 'read(0xA0, "a", 2)', "readerror()")
USB = ("configure(called)", "disable()", "generaltransfer(0, 0x81, 2, blob(4))")
PIN = (
    "configure(DIGITAL_OUT, 0)",
    "configure(DIGITAL_OUT, 1)",
    "configure(DIGITAL_IN_PULLUP)",
    "configure(DIGITAL_IN, called)",
    "disable()",
    "write(1)",
)


def calls(module: Module, dice: random.Random) -> Iterator[str]:
    """Calls without end."""
    pins = [f"hardware.pin{label}" for label in module.gpio_pins]
    objects = [(pins, PIN)]
    for buses, methods in ((module.uarts, UART), (module.spis, SPI), (module.i2cs, I2C)):
        objects.append(([f"hardware.{name}" for name in buses], methods))
    if module.usb is not None:
        objects.append(([module.usb.object], USB))
    while True:
        paths, methods = dice.choice(objects)
        yield f"{dice.choice(paths)}.{dice.choice(methods)}".format(pin=dice.choice(pins))


@pytest.mark.parametrize("name", ["imp001", "imp003", "imp004m", "imp005", "impC001"])
@pytest.mark.parametrize("seed", range(4))
def test_calls_in_any_order(make: Make, name: str, seed: int) -> None:
    dice, module = random.Random(f"{name} {seed}"), Module.named(name)
    bench = make(name)
    for label in module.gpio_pins:
        if dice.random() < 0.5:
            bench.nets[label].pull("pull", high=dice.random() < 0.8)
    some = calls(module, dice)
    source = "function attempt(f) { try { f(); } catch (e) {} }\nfunction called(...) { imp.sleep(0.001); }\n"
    source += "".join(f"attempt(@() {next(some)});\nimp.sleep(0.001);\n" for _ in range(80))
    bench.run(source)
    bench.imp.deploy('server.log("still here");')
    assert bench.wait(1) == ["still here"]
