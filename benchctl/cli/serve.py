"""`benchctl serve`: lend a part of the bench to foreign programs."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from benchctl.adapters.lending import LentUart
from benchctl.bench.flash import flash_bus, own_flash
from benchctl.cli.output import stderr, stdout
from benchctl.cli.programs import read_program
from benchctl.cli.rigs import Rig, Seed, opened
from benchctl.cli.uart import Baud, Bits, Net, ParityName, wire_format
from benchctl.dut.deploy import Deployment
from benchctl.errors import UserError
from benchctl.flash.serprog import SerprogServer

_LOOK_S = 0.1

app = typer.Typer(
    add_completion=False, help="Lend a bench UART as a pty, or a flash over serprog, to foreign programs."
)


@app.callback()
def serve() -> None:
    """Lend a part of the bench to foreign programs until Ctrl-C."""


@app.command()
def serprog(
    rig: Rig,
    part: Annotated[str, typer.Option(help="A flash part of the rig; the imp's own by default.")] = "",
    host: Annotated[
        str, typer.Option(help="Address to listen at; anybody who reaches it may write.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0 for a free one.")] = 4444,
    hz: Annotated[float, typer.Option(help="SCLK in Hz until the client asks for another.")] = 15e6,
    once: Annotated[bool, typer.Option("--once", help="End when the first client hangs up.")] = False,
    seed: Seed = 0,
) -> None:
    """Lend a flash to flashrom over TCP; the imp is held in reset meanwhile where it shares the wires."""
    with _listening(host, port) as listener, opened(rig, seed=seed) as bench:
        name = part or own_flash(bench.rig)
        with flash_bus(bench, name) as spi:
            server = SerprogServer(spi, bench.clock, hz)
            address, bound = listener.getsockname()[:2]
            stdout().print(f"flashrom -p serprog:ip={address}:{bound}")
            try:
                while True:
                    _one_client(listener, server)
                    if once:
                        return
            except KeyboardInterrupt:
                stderr().print("stopped")


@app.command()
def uart(
    rig: Rig,
    net: Net,
    baud: Baud = 115_200,
    bits: Bits = 8,
    parity: ParityName = "none",
    link: Annotated[Path | None, typer.Option(metavar="PATH", help="Also make this symbolic link.")] = None,
    program: Annotated[
        Path | None, typer.Option("--run", metavar="FILE.nut", help="Deploy this device program first.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Lend the bench UART facing an imp UART as a pty, in wall time, until Ctrl-C.

    The pty's path goes to stdout. Rate and stop bits follow what the program on it sets; data bits and parity
    do not cross a pty, so the wire has those of the options.
    """
    fmt = wire_format(baud, bits, parity, 1)
    source = read_program(program) if program else ""
    with opened(rig, seed=seed) as bench:
        port = bench.uart(net)
        bench.power.on()
        bench.reset.release()
        if program:
            bench.deployment.deploy(source, program.name)
        with (
            LentUart(port, bench.clock, fmt, lambda remark: stderr().print(remark, markup=False)) as lent,
            _linked(link, lent.path) as path,
            _stopped_by_signals(lent.stop),
        ):
            stdout().print(str(path), markup=False)
            while not lent.wait(_LOOK_S):
                if program:
                    _show_log(bench.deployment)
    stderr().print("stopped")


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Within it Ctrl-C and SIGTERM call `stop` instead of ending what runs just then."""

    def handle(_number: int, _frame: Any) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _linked(link: Path | None, path: str) -> Iterator[Path]:
    """The link to `path` while it lasts, one left over from before replaced; without a link, `path`."""
    if link is None:
        yield Path(path)
        return
    if link.is_symlink():
        link.unlink()
    try:
        link.symlink_to(path)
    except OSError as error:
        raise UserError(f"cannot make the link {link}: {error.strerror}", "choose another --link") from error
    try:
        yield link
    finally:
        link.unlink(missing_ok=True)


def _show_log(deployment: Deployment) -> None:
    while entry := deployment.read_log(0.001):
        stderr().print(f"[{entry.kind}] {entry.text}", markup=False)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise UserError(
            f"cannot listen at {host}:{port}: {error.strerror}", "choose another --port"
        ) from error


def _one_client(listener: socket.socket, server: SerprogServer) -> None:
    connection, _ = listener.accept()
    with connection:
        try:
            server.serve_connection(connection)
        except ConnectionError as error:
            stderr().print(f"the client is gone: {error}")
