"""`benchctl decode`: what a capture file says, as text, JSON or plain bytes.

Start-up is most of what a short decode costs. So the options are read with argparse, which is there in 2 ms
where typer takes 100, and everything that needs numpy is imported once the options are known.
"""

import os
import sys
from argparse import ArgumentParser, HelpFormatter, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from benchctl.errors import UserError

if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    from benchctl.capture.items import ItemDict, Items
    from benchctl.capture.stream import Stream
    from benchctl.capture.uart import UartFormat
    from benchctl.capture.waveform import Waveform

    T_co = TypeVar("T_co", covariant=True)

    class _Decoder(Protocol[T_co]):
        def feed(self, chunk: Waveform) -> T_co: ...

        def finish(self) -> T_co: ...

    class _Record(Protocol):
        """Something whole that was on a bus: a frame, a command, an access."""

        @property
        def data(self) -> bytes: ...

        def item(self) -> ItemDict: ...


# Each option asks for a formatter, and one without a width imports shutil to ask the terminal for it.
_FORMATTER = partial(HelpFormatter, width=100)


class _Parser(ArgumentParser):
    """Complains as every other command does."""

    def error(self, message: str) -> NoReturn:
        raise UserError(message, f"see `{self.prog} --help`")


def main(arguments: list[str]) -> int:
    """Decode as `arguments` (those after "decode") ask; the exit code is 0, whatever was on the wire.

    Raises:
        UserError: an option that is wrong; a channel, format or file that is not there or not possible.
        SystemExit: with code 0 after --help.
    """
    options = _parser(arguments[:1]).parse_args(arguments)
    options.run(options)
    return 0


def _parser(wanted: list[str]) -> _Parser:
    """All protocols, but the options only of the one that is wanted."""
    parser = _Parser(
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
        ("nor", "commands to a serial NOR flash on an SPI bus", ("data",), _nor),
        ("eeprom", "accesses to 24xx EEPROMs on an I²C bus", ("data",), _eeprom),
    ):
        command = protocols.add_parser(
            name, help=help_text, description=f"Decode {help_text}.", formatter_class=_FORMATTER
        )
        if wanted != [name]:
            continue
        command.add_argument("file", metavar="FILE", help="the capture")
        command.add_argument("--rate", type=float, metavar="HZ", help="samples per second of raw samples")
        output = command.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true", help="one JSON document instead of lines")
        output.add_argument("--raw", choices=raw, help="nothing but these bytes")
        command.set_defaults(run=run)
        _ADD[name](command)
    return parser


def _add_uart(command: ArgumentParser) -> None:
    command.add_argument("--rx", required=True, metavar="CH", help="the channel with the characters")
    command.add_argument("--baud", type=float, metavar="N", help="bit/s; estimated unless given")
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


def _add_i2c(command: ArgumentParser) -> None:
    command.add_argument("--scl", required=True, metavar="CH", help="the clock")
    command.add_argument("--sda", required=True, metavar="CH", help="the data")


def _add_nor(command: ArgumentParser) -> None:
    for option, line in (
        ("--clk", "the clock"),
        ("--mosi", "data to the flash"),
        ("--miso", "data from it"),
        ("--cs", "its chip select, active low"),
    ):
        command.add_argument(option, required=True, metavar="CH", help=line)
    command.add_argument("--mode", type=int, default=0, help="0 (default) or 3")
    command.add_argument("--four-byte", action="store_true", help="it is in 4-byte address mode at first")


def _add_eeprom(command: ArgumentParser) -> None:
    _add_i2c(command)
    command.add_argument(
        "--address-bytes", type=int, choices=(1, 2), default=2, help="1 up to 24xx16, else 2 (default)"
    )


_ADD: dict[str, Callable[[ArgumentParser], None]] = {
    "uart": _add_uart,
    "spi": _add_spi,
    "i2c": _add_i2c,
    "modbus": _add_uart,
    "nor": _add_nor,
    "eeprom": _add_eeprom,
}


def _uart(options: Namespace) -> None:
    stream = _open(options)
    from benchctl.capture.uart import UartDecoder

    decoder = UartDecoder(options.rx, _uart_format(options, stream))
    width = 2 if options.bits > 8 else 1
    _show(stream, (options.rx,), decoder, options, lambda items: items.data(width=width))


def _uart_format(options: Namespace, stream: "Stream") -> "UartFormat":
    from benchctl.capture.uart import UartFormat

    msb_first = options.order == "msb"
    baud = _estimated_baud(stream, options.rx) if options.baud is None else options.baud
    return UartFormat(baud, options.bits, options.parity, options.stop, options.invert, msb_first)


def _estimated_baud(stream: "Stream", channel: str) -> float:
    from benchctl.capture.bit_time import required_baud

    baud = required_baud(stream.chunks(channel), channel)
    sys.stderr.write(f"{baud:.6g} baud, estimated\n")
    return baud


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
    from benchctl.capture.modbus import ModbusDecoder

    decoder = ModbusDecoder(options.rx, _uart_format(options, stream))
    _show_records(stream, (options.rx,), decoder, options)


def _nor(options: Namespace) -> None:
    stream = _open(options)
    from benchctl.capture.spi import SpiFormat
    from benchctl.capture.spi_nor import NorDecoder

    channels = (options.clk, options.mosi, options.miso, options.cs)
    decoder = NorDecoder(*channels, SpiFormat(options.mode), four_byte=options.four_byte)
    _show_records(stream, channels, decoder, options)


def _eeprom(options: Namespace) -> None:
    stream = _open(options)
    from benchctl.capture.eeprom import EepromDecoder

    channels = (options.scl, options.sda)
    decoder = EepromDecoder(*channels, address_bytes=options.address_bytes)
    _show_records(stream, channels, decoder, options)


def _open(options: Namespace) -> "Stream":
    # numpy would start a thread per core for linear algebra that no decoder does.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pathlib import Path

    import numpy as np

    from benchctl.capture.files import open_capture, sample_rate

    # Once a block of this size has come and gone, glibc keeps what smaller arrays free for the next ones.
    np.empty(1 << 24, dtype=np.uint8)
    return open_capture(Path(options.file), sample_rate(options.rate))


def _show(
    stream: "Stream",
    channels: tuple[str | None, ...],
    decoder: "_Decoder[Items]",
    options: Namespace,
    octets: Callable[["Items"], bytes | bytearray],
) -> None:
    from benchctl.capture.render import json_rows, text_rows

    rendered = octets if options.raw else json_rows if options.json else text_rows

    def pieces() -> Iterator[bytes | bytearray]:
        for chunk in stream.chunks(*channels):
            yield rendered(decoder.feed(chunk))
        yield rendered(decoder.finish())

    _write(pieces(), as_json=options.json)


def _show_records(
    stream: "Stream",
    channels: tuple[str, ...],
    decoder: "_Decoder[Sequence[_Record]]",
    options: Namespace,
) -> None:
    from json import dumps

    def rendered(record: "_Record") -> bytes:
        if options.raw:
            return record.data
        item = record.item()
        if options.json:
            return f"{dumps(item)},\n".encode()
        fields = (item["kind"], item["value"], item["error"])
        said = "  ".join(str(field) for field in fields if field)
        return f"{item['start_ns']} {item['end_ns']}  {said}\n".encode()

    def pieces() -> Iterator[bytes]:
        for chunk in stream.chunks(*channels):
            yield b"".join(map(rendered, decoder.feed(chunk)))
        yield b"".join(map(rendered, decoder.finish()))

    _write(pieces(), as_json=options.json)


def _write(pieces: Iterable[bytes | bytearray], *, as_json: bool) -> None:
    """Write rows as they come; each JSON row ends in a comma, of which the very last must go.

    A file that turns out to be damaged still gives a whole document, of what came before the damage.
    """
    out = sys.stdout.buffer
    if as_json:
        out.write(b'{"items": [\n')
    held: bytes | bytearray = b""
    try:
        for piece in pieces:
            if piece:
                out.write(held)
                held = piece
    finally:
        out.write(held.removesuffix(b",\n") + b"\n]}\n" if as_json else held)
        out.flush()
