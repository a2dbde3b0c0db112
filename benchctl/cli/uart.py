"""`benchctl uart`: probe a UART by hand."""

from typing import Annotated

import typer

from benchctl.buses.uart import Parity, UartFormat
from benchctl.cli.output import Json, emit, hexdump, stderr, stdout
from benchctl.cli.rigs import Bytes, Rig, Seed, opened

app = typer.Typer(help="Probe the bench UART that faces an imp UART: monitor, write, exchange.")

Net = Annotated[str, typer.Argument(metavar="NET", help="An imp UART (uart1), or a board role for one.")]
Baud = Annotated[int, typer.Option(help="Rate in bit/s.")]
Bits = Annotated[int, typer.Option(help="Data bits.")]
ParityName = Annotated[str, typer.Option(help="none, even, odd, mark or space.")]
Stop = Annotated[float, typer.Option(help="Stop bits.")]
Seconds = Annotated[float, typer.Option("--for", metavar="S", help="Bench time to listen for.")]


def wire_format(baud: int, bits: int, parity: str, stop: float) -> UartFormat:
    """The format that the options ask for. Raises BadParameter."""
    names = {p.name.lower(): p for p in Parity}
    if parity.lower() not in names:
        raise typer.BadParameter(f"parity is one of {', '.join(names)}")
    return UartFormat(baud, bits, names[parity.lower()], stop)


@app.command()
def monitor(
    rig: Rig,
    net: Net,
    baud: Baud = 115_200,
    bits: Bits = 8,
    parity: ParityName = "none",
    stop: Stop = 1,
    seconds: Seconds = 5.0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Show what arrives, with the time since the chunk before and how far that can be trusted."""
    fmt = wire_format(baud, bits, parity, stop)
    chunks = []
    with opened(rig, seed=seed) as bench:
        bench.power.on()
        uart = bench.uart(net)
        uart.configure(fmt)
        end_ns, last_ns = bench.clock.deadline_ns(seconds), 0
        while (left := end_ns - bench.clock.now_ns()) > 0:
            chunk = uart.read_chunk(left / 1e9)
            if chunk is None:
                continue
            chunks.append({
                "t_ns": chunk.t_ns, "data": chunk.data.hex(), "errors": sorted(chunk.errors),
                "uncertainty_ns": uart.stamp_uncertainty_ns,
            })  # fmt: skip
            if not json:
                since = f"+{(chunk.t_ns - last_ns) / 1e6:.3f} ms" if last_ns else "first"
                errors = f"  {', '.join(sorted(chunk.errors))}" if chunk.errors else ""
                stdout().print(f"{since:>16} ±{uart.stamp_uncertainty_ns / 1e6:.1f}  {chunk.data!r}{errors}")
            last_ns = chunk.t_ns
    if json:
        emit({"chunks": chunks})
    elif not chunks:
        stderr().print(f"nothing arrived in {seconds:g} s of bench time")


@app.command()
def write(
    rig: Rig,
    net: Net,
    data: Bytes,
    baud: Baud = 115_200,
    bits: Bits = 8,
    parity: ParityName = "none",
    stop: Stop = 1,
    gap_us: Annotated[float, typer.Option(help="Idle time after each byte in µs.")] = 0.0,
    answer: Annotated[float, typer.Option(metavar="S", help="Then listen for S s of bench time.")] = 0.0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Send bytes, and show what comes back."""
    fmt = wire_format(baud, bits, parity, stop)
    received = bytearray()
    with opened(rig, seed=seed) as bench:
        bench.power.on()
        uart = bench.uart(net)
        actual = uart.configure(fmt)
        if gap_us:
            uart.write_gapped(data, gap_us)
        else:
            uart.write(data)
            uart.drain()
        end_ns = bench.clock.deadline_ns(answer)
        while (left := end_ns - bench.clock.now_ns()) > 0:
            chunk = uart.read_chunk(left / 1e9)
            received += chunk.data if chunk else b""
    if json:
        emit({"sent": data.hex(), "baud": actual, "received": received.hex()})
    elif received:
        stdout().print(hexdump(bytes(received)))
    else:
        stderr().print(f"sent {len(data)} bytes at {actual:.0f} bit/s")
