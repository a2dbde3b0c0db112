"""`benchctl serve`: lend a part of the bench to foreign programs."""

import signal
import socket
from typing import Annotated

import typer

from benchctl.bench.flash import flash_bus, own_flash
from benchctl.cli.output import stderr, stdout
from benchctl.cli.rigs import Rig, Seed, opened
from benchctl.errors import UserError
from benchctl.flash.serprog import SerprogServer

app = typer.Typer(help="Lend a bench UART as a pty, or a flash over serprog, to foreign programs.")


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
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            try:
                while True:
                    _one_client(listener, server)
                    if once:
                        return
            except KeyboardInterrupt:
                stderr().print("stopped")


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
