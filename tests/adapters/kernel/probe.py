"""A program on a Raspberry Pi with an imp: the bench's own adapters on the kernel's nodes.

`python probe.py RIG` prints what it found, as one JSON document.
"""

import json
import sys
from typing import Any

from benchctl.bench import Bench, open_bench
from benchctl.bench.flash import flash_chip
from benchctl.buses.i2c import I2c, I2cNackError
from benchctl.buses.spi import SpiFormat
from benchctl.buses.uart import UartFormat
from benchctl.errors import UserError

EEPROM, NOBODY = 0x50, 0x51
PAGES = bytes(range(256)) * 40


def imp_over_ttys(bench: Bench) -> dict[str, Any]:
    imp, ours = bench.imp, bench.uart("uartUVGD")
    theirs = imp.hardware.uartUVGD
    theirs.configure(38_400, 8, imp.PARITY_NONE, 1, imp.NO_CTSRTS)
    ours.configure(UartFormat(38_400))
    ours.discard_input()
    theirs.write(b"from the imp")
    heard = ours.read(12)
    ours.write(b"from the bench")
    ours.drain()
    bench.clock.sleep(0.02)
    return {"type": imp.hello.module, "heard": heard.decode(), "imp_heard": theirs.readblob(14).decode()}


def eeprom(i2c: I2c) -> dict[str, Any]:
    found: dict[str, Any] = {"scan": i2c.scan()}
    i2c.write(EEPROM, b"\x12\x40" + PAGES[:64])
    tries = 0
    while True:  # the target refuses its address while it writes
        tries += 1
        try:
            i2c.write(EEPROM, b"\x12\x40")
            break
        except I2cNackError:
            continue
    found["busy"] = tries > 1
    found["next_read"] = i2c.read(EEPROM, 4).hex()
    found["register_read"] = i2c.write_read(EEPROM, b"\x12\x44", 60) == PAGES[4:64]
    try:
        i2c.write(NOBODY, b"x")
    except I2cNackError as error:
        found["refused"] = str(error)
    return found


def nor(bench: Bench) -> dict[str, Any]:
    spi = bench.spi("nor")
    found: dict[str, Any] = {"modes": []}
    for mode in (0, 3):
        spi.configure(SpiFormat(4e6, mode))
        found["modes"].append(spi.exchange(b"\x9f", 3).hex())
    found["duplex"] = spi.exchange(b"\x9f\0\0\0", duplex=True)[1:].hex()
    found["many"] = [answer.hex() for answer in spi.exchange_many([(b"\x9f", 3), (b"\x05", 1)])]
    found["most"] = spi.max_transfer
    try:
        spi.exchange(b"\x03\0\0\0", spi.max_transfer)
    except UserError as error:
        found["too_much"] = str(error)
    with flash_chip(bench, "nor", 4e6) as chip:
        chip.write(0x1000, PAGES)
        found["read"] = bytes(chip.read(0x1000, len(PAGES))) == PAGES
    return found


def main() -> None:
    with open_bench(sys.argv[1]) as bench:
        imp = bench.imp
        imp.hardware.i2cAB.configure(imp.CLOCK_SPEED_100_KHZ)
        found = {"imp": imp_over_ttys(bench), "eeprom": eeprom(bench.i2c("i2cAB")), "nor": nor(bench)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
