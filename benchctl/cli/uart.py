"""`benchctl uart`: probe a UART by hand."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchctl.buses.uart import Parity, Received, Uart, UartFormat
from benchctl.cli.output import Json, emit, hexdump, stderr, stdout
from benchctl.cli.probing import bus_named, probe
from benchctl.cli.programs import Program, put_program
from benchctl.cli.rigs import Bytes, Rig, Seed, opened, seconds
from benchctl.errors import UserError
from benchctl.nearest import nearest

if TYPE_CHECKING:
    from benchctl.bench import Bench
    from benchctl.buses.clock import Clock

app = probe("Probe the bench UART that faces an imp UART: monitor, write.")

Net = Annotated[
    str,
    typer.Argument(metavar="NET", help="An imp UART (uart1), a board role for one, or a net it is on."),
]
Baud = Annotated[int, typer.Option(min=1, help="Rate in bit/s.")]
Bits = Annotated[int, typer.Option(help="Data bits.")]
ParityName = Annotated[str, typer.Option(help="none, even, odd, mark or space.")]
Stop = Annotated[float, typer.Option(help="Stop bits.")]


def wire_format(baud: int, bits: int, parity: str, stop: float) -> UartFormat:
    """The format that the options ask for. Raises UserError."""
    names = {p.name.lower(): p for p in Parity}
    if parity.lower() not in names:
        raise UserError(f"there is no parity {parity!r}", nearest(parity, names))
    return UartFormat(baud, bits, names[parity.lower()], stop)


@app.command()
def monitor(
    rig: Rig,
    net: Net,
    baud: Baud = 115_200,
    bits: Bits = 8,
    parity: ParityName = "none",
    stop: Stop = 1,
    listen: Annotated[float, seconds("Bench time to listen for; Ctrl-C ends it sooner.", "--for")] = 5.0,
    program: Program = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Show what arrives, with the time since what came before and how far that can be trusted."""
    fmt = wire_format(baud, bits, parity, stop)
    chunks: list[dict[str, Any]] = []
    with opened(rig, seed=seed) as bench:
        uart = _uart(bench, net)
        uart.configure(fmt)
        put_program(bench, program)
        begin_ns = bench.clock.now_ns()
        try:
            for chunk in _arriving(uart, bench.clock, listen):
                late_ns = uart.stamp_uncertainty_ns
                if not json:
                    stdout().print(
                        _line(chunk, chunks[-1]["t_ns"] if chunks else None, late_ns), markup=False
                    )
                chunks.append({
                    "t_ns": chunk.t_ns, "data": chunk.data.hex(), "errors": sorted(chunk.errors),
                    "uncertainty_ns": late_ns,
                })  # fmt: skip
        except KeyboardInterrupt:
            stderr().print("stopped")
        listened = (bench.clock.now_ns() - begin_ns) / 1e9
    if json:
        emit({"chunks": chunks})
    elif not chunks:
        stderr().print(f"nothing arrived in {listened:.3g} s of bench time")


@app.command()
def write(
    rig: Rig,
    net: Net,
    data: Bytes,
    baud: Baud = 115_200,
    bits: Bits = 8,
    parity: ParityName = "none",
    stop: Stop = 1,
    gap_us: Annotated[float, typer.Option(min=0, max=1e6, help="Idle time after each byte in µs.")] = 0.0,
    answer: Annotated[float, seconds("Then listen for S s of bench time.")] = 0.0,
    program: Program = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Send bytes, and show what comes back."""
    fmt = wire_format(baud, bits, parity, stop)
    with opened(rig, seed=seed) as bench:
        uart = _uart(bench, net)
        actual = uart.configure(fmt)
        put_program(bench, program)
        if gap_us:
            uart.write_gapped(data, gap_us)
        else:
            uart.write(data)
            uart.drain()
        received = b"".join(chunk.data for chunk in _arriving(uart, bench.clock, answer))
    if json:
        emit({"sent": data.hex(), "baud": actual, "received": received.hex()})
    elif received:
        stdout().print(hexdump(received), markup=False)
    else:
        stderr().print(f"sent {len(data)} bytes at {actual:.0f} bit/s")


def _uart(bench: "Bench", net: str) -> Uart:
    """The bench UART that is meant, the imp running."""
    bench.power.on()
    bench.reset.release()
    return bench.uart(bus_named(bench, net, bench.uarts_facing))


def _arriving(uart: Uart, clock: "Clock", for_s: float) -> Iterator[Received]:
    end_ns = clock.deadline_ns(for_s)
    while (left_ns := end_ns - clock.now_ns()) > 0:
        chunk = uart.read_chunk(left_ns / 1e9)
        if chunk is not None:
            yield chunk


def _line(chunk: Received, before_ns: int | None, late_ns: int) -> str:
    """Time since the chunk before, how late the stamp may be, bytes, and what was wrong with them."""
    since = "first" if before_ns is None else f"+{(chunk.t_ns - before_ns) / 1e6:.3f} ms"
    errors = f"  {', '.join(sorted(chunk.errors))}" if chunk.errors else ""
    return f"{since:>16} ±{late_ns / 1e6:.1f}  {chunk.data!r}{errors}"
