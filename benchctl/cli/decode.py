"""`benchctl decode`: what a capture file says, as text, JSON or plain bytes.

Start-up is most of what a short decode costs. So the options are read with argparse, which is there in 2 ms
where typer takes 100, and everything that needs numpy is imported once the options are known.
"""

import os
import sys
from argparse import ArgumentParser, HelpFormatter, Namespace
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from benchctl.errors import UserError

if TYPE_CHECKING:
    from typing import Protocol

    from benchctl.capture.items import Items
    from benchctl.capture.stream import Stream
    from benchctl.capture.uart import UartFormat
    from benchctl.capture.waveform import Waveform

    class _Decoder(Protocol):
        def feed(self, chunk: Waveform) -> Items: ...

        def finish(self) -> Items: ...


# Each option asks for a formatter, and one without a width imports shutil to ask the terminal for it.
_FORMATTER = partial(HelpFormatter, width=100)


def main(arguments: list[str]) -> int:
    """Decode as `arguments` (those after "decode") ask; the exit code is 0, whatever was on the wire.

    Raises:
        UserError: a channel, format or file that is not there or not possible.
        SystemExit: with code 2 for options that are wrong, 0 after --help.
    """
    options = _parser(arguments[:1]).parse_args(arguments)
    options.run(options)
    return 0


def _parser(wanted: list[str]) -> ArgumentParser:
    """All protocols, but the options only of the one that is wanted."""
    parser = ArgumentParser(
        prog="benchctl decode",
        description="Decode a capture: .sr, .vcd, or raw samples (one byte each, bit n is channel Dn).",
        formatter_class=_FORMATTER,
    )
    protocols = parser.add_subparsers(required=True, metavar="PROTOCOL", prog=parser.prog)
    for name, help_text, raw, run in (
        ("uart", "characters of an asynchronous serial line", ("rx",), _uart),
        ("spi", "words of an SPI bus", ("mosi", "miso"), _spi),
        ("i2c", "conditions, addresses and data of an I²C bus", ("data",), _i2c),
        ("modbus", "Modbus RTU frames of an asynchronous serial line", ("data", "rx"), _modbus),
    ):
        command = protocols.add_parser(
            name, help=help_text, description=f"Decode {help_text}.", formatter_class=_FORMATTER
        )
        if wanted != [name]:
            continue
        command.add_argument("file", metavar="FILE", help="the capture")
        command.add_argument("--rate", type=float, metavar="HZ", help="samples per second of raw samples")
        command.add_argument("--json", action="store_true", help="one JSON document instead of lines")
        command.add_argument("--raw", choices=raw, help="nothing but these bytes")
        command.set_defaults(run=run)
        if name == "spi":
            _add_spi(command)
        elif name == "i2c":
            command.add_argument("--scl", required=True, metavar="CH", help="the clock")
            command.add_argument("--sda", required=True, metavar="CH", help="the data")
        else:
            _add_uart(command)
    return parser


def _add_uart(command: ArgumentParser) -> None:
    command.add_argument("--rx", required=True, metavar="CH", help="the channel with the characters")
    command.add_argument("--baud", required=True, type=float, metavar="N", help="bit/s")
    command.add_argument("--bits", type=int, default=8, help="data bits, 5 to 9 (default 8)")
    command.add_argument("--parity", default="none", help="none (default), odd, even, mark or space")
    command.add_argument("--stop", type=float, default=1.0, help="stop bits: 1 (default), 1.5 or 2")
    command.add_argument("--invert", action="store_true", help="the line idles low")
    command.add_argument("--order", choices=("lsb", "msb"), default="lsb", help="which bit comes first")


def _add_spi(command: ArgumentParser) -> None:
    command.add_argument("--clk", required=True, metavar="CH", help="the clock")
    command.add_argument("--mosi", metavar="CH", help="data to the target")
    command.add_argument("--miso", metavar="CH", help="data from the target")
    command.add_argument("--cs", metavar="CH", help="chip select, active low")
    command.add_argument("--cs-high", action="store_true", help="the chip select is active high")
    command.add_argument("--mode", type=int, default=0, help="0 (default) to 3")
    command.add_argument("--bits", type=int, default=8, help="bits of a word, 4 to 16 (default 8)")
    command.add_argument("--order", choices=("msb", "lsb"), default="msb", help="which bit comes first")


def _uart(options: Namespace) -> None:
    stream = _open(options)
    from benchctl.capture.uart import UartDecoder

    decoder = UartDecoder(options.rx, _uart_format(options))
    width = 2 if options.bits > 8 else 1
    _show(stream, (options.rx,), decoder, options, lambda items: items.data(width=width))


def _uart_format(options: Namespace) -> "UartFormat":
    from benchctl.capture.uart import UartFormat

    msb_first = options.order == "msb"
    return UartFormat(options.baud, options.bits, options.parity, options.stop, options.invert, msb_first)


def _spi(options: Namespace) -> None:
    stream = _open(options)
    from benchctl.capture.spi import SpiDecoder, SpiFormat

    fmt = SpiFormat(options.mode, options.bits, options.order == "lsb", options.cs_high)
    decoder = SpiDecoder(options.clk, options.mosi, options.miso, options.cs, fmt)
    if options.raw and getattr(options, options.raw) is None:
        raise UserError(f"there is no {options.raw} to write", f"name its channel with --{options.raw}")
    width = 2 if options.bits > 8 else 1
    channels = (options.clk, options.mosi, options.miso, options.cs)
    _show(stream, channels, decoder, options, lambda items: items.data(channel=options.raw, width=width))


def _i2c(options: Namespace) -> None:
    stream = _open(options)
    from benchctl.capture.i2c import I2cDecoder

    decoder = I2cDecoder(options.scl, options.sda)
    channels = (options.scl, options.sda)
    _show(stream, channels, decoder, options, lambda items: items.data("data write", "data read"))


def _modbus(options: Namespace) -> None:
    stream = _open(options)
    from json import dumps

    from benchctl.capture.modbus import Frame, ModbusDecoder

    decoder = ModbusDecoder(options.rx, _uart_format(options))

    def rendered(frames: list[Frame]) -> bytes:
        if options.raw:
            return b"".join(frame.data for frame in frames)
        if options.json:
            return "".join(f"{dumps(frame.item(options.rx))},\n" for frame in frames).encode()
        return "".join(f"{f.start_ns} {f.end_ns}  {f.data.hex()}  {f.error}\n" for f in frames).encode()

    def pieces() -> Iterator[bytes]:
        for chunk in stream.chunks(options.rx):
            yield rendered(decoder.feed(chunk))
        yield rendered(decoder.finish())

    _write(pieces(), as_json=options.json and not options.raw)


def _open(options: Namespace) -> "Stream":
    # numpy would start a thread per core for linear algebra that no decoder does.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from fractions import Fraction
    from pathlib import Path

    import numpy as np

    from benchctl.capture.files import open_capture

    # Once a block of this size has come and gone, glibc keeps what smaller arrays free for the next ones.
    np.empty(1 << 24, dtype=np.uint8)
    return open_capture(Path(options.file), None if options.rate is None else Fraction(options.rate))


def _show(
    stream: "Stream",
    channels: tuple[str | None, ...],
    decoder: "_Decoder",
    options: Namespace,
    octets: Callable[["Items"], bytes | bytearray],
) -> None:
    from benchctl.capture.render import json_rows, text_rows

    rendered = octets if options.raw else json_rows if options.json else text_rows

    def pieces() -> Iterator[bytes | bytearray]:
        for chunk in stream.chunks(*channels):
            yield rendered(decoder.feed(chunk))
        yield rendered(decoder.finish())

    _write(pieces(), as_json=options.json and not options.raw)


def _write(pieces: Iterable[bytes | bytearray], *, as_json: bool) -> None:
    """Write rows as they come; each JSON row ends in a comma, of which the very last must go."""
    out = sys.stdout.buffer
    if as_json:
        out.write(b'{"items": [\n')
    held: bytes | bytearray = b""
    for piece in pieces:
        if piece:
            out.write(held)
            held = piece
    out.write(held.removesuffix(b",\n") + b"\n]}\n" if as_json else held)
    out.flush()
