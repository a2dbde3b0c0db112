"""Debian's flashrom on a virtual bench's flash, through the server that `benchctl serve serprog` runs."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from benchctl.bench import open_bench
from benchctl.bench.flash import flash_bus, flash_chip
from benchctl.flash.dump import Region, dump
from benchctl.flash.serprog import SerprogServer

pytestmark = [
    pytest.mark.debian("flashrom"),
    pytest.mark.skipif(which("flashrom") is None, reason="flashrom is not installed"),
]


def test_flashrom_writes_and_verifies_and_we_read_the_same(tmp_path: Path) -> None:
    image, out = tmp_path / "image.bin", tmp_path / "out.bin"
    image.write_bytes(np.random.default_rng(3).integers(0, 256, 512 << 10, np.uint8).tobytes())
    with open_bench("virtual-imp005") as bench:
        with flash_bus(bench, "nor") as spi, socket.create_server(("127.0.0.1", 0)) as listener:
            programmer = f"serprog:ip=127.0.0.1:{listener.getsockname()[1]},spispeed=20M"
            command = ["flashrom", "-p", programmer, "-c", "W25X40", "-w", str(image)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as flashrom:
                connection, _ = listener.accept()
                with connection:
                    SerprogServer(spi, bench.clock, 10e6).serve_connection(connection)
                assert flashrom.stdout is not None
                said = flashrom.stdout.read().decode()
        assert flashrom.returncode == 0, said
        assert "VERIFIED" in said
        with flash_chip(bench, "nor", 20e6) as chip:
            dump(chip, bench.clock, Region(0, chip.size, 2, (20e6,)), out)
    assert out.read_bytes() == image.read_bytes()


def test_the_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    arguments = ["serve", "serprog", "virtual-imp005", "--part", "nor", "--port", "0"]
    server = subprocess.Popen(
        [sys.executable, "-m", "benchctl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        hint = server.stdout.readline().split()
        assert hint[:2] == ["flashrom", "-p"]
        out = tmp_path / "out.bin"
        read = subprocess.run(
            [*hint, "-c", "W25X40", "-r", str(out)], capture_output=True, text=True, check=False
        )
        assert read.returncode == 0, read.stdout + read.stderr
        assert out.read_bytes() == b"\xff" * (512 << 10)
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=20)
    finally:
        server.kill()
        server.wait()
    assert (server.returncode, said) == (0, "stopped\n")
