"""A virtual chip on bare wires, and a controller that is nothing but the contract."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchctl.buses.spi import Spi, SpiFormat
from benchctl.flash.nor import FlashChip
from benchctl.twin.clock import VirtualClock
from benchctl.twin.parts.nor.chip import Chip
from benchctl.twin.parts.spinor import SpiNor
from benchctl.twin.wires.clocked import ClockNet, Train, exchange
from benchctl.twin.wires.net import Net
from benchctl.twin.wires.timeline import Drive
from benchctl.twin.world import World


class WireSpi(Spi):
    """What an ideal adapter does. `corrupt(read number, data)` may spoil what fast reads return."""

    max_transfer = 1 << 16

    def __init__(self, part: str, seed: int) -> None:
        self.world = World(seed)
        sclk, copi = ClockNet(self.world, "sclk"), Net(self.world, "copi")
        self._cipo, cs = Net(self.world, "cipo"), Net(self.world, "cs")
        self._cipo.pull("r", high=True)
        self._clock, self._out, self._cs = (net.driver("bench") for net in (sclk, copi, cs))
        self._clock.set(Drive.LOW)
        self._cs.set(Drive.HIGH)
        self.flash = SpiNor("flash", Chip.named(part), sclk, copi, self._cipo, cs) if part else None
        self.corrupt: Callable[[int, bytes], bytes] = lambda _number, data: data
        self.rates: list[float] = []
        self.sent: list[bytes] = []
        self._fast_reads = 0

    def configure(self, fmt: SpiFormat) -> float:
        self.rates.append(fmt.hz)
        self._period_fs = round(1e15 / fmt.hz)
        return fmt.hz

    def exchange(self, write: bytes, read_count: int = 0, *, duplex: bool = False) -> bytes:
        assert not duplex
        assert len(write) + read_count <= self.max_transfer
        self.sent.append(write)
        self._select(Drive.LOW)
        self._burst(write)
        data = self._burst(bytes(read_count))
        self._select(Drive.HIGH)
        if write[0] in (0x0B, 0x0C):
            self._fast_reads += 1
            data = self.corrupt(self._fast_reads, data)
        return data

    def exchange_many(self, transactions: list[tuple[bytes, int]]) -> list[bytes]:
        return [self.exchange(write, count) for write, count in transactions]

    def close(self) -> None:
        self._clock.set(Drive.Z)

    def _select(self, drive: Drive) -> None:
        self._cs.set(drive)
        self.world.sleep_until(self.world.now + 50)

    def _burst(self, data: bytes) -> bytes:
        if not data:
            return b""
        bits = np.unpackbits(np.frombuffer(data, np.uint8))
        train = Train(self.world.now, self._period_fs)
        got = exchange(
            self._clock, train, len(bits), out=self._out, bits=bits, read=self._cipo,
            launch_rising=False, sample_rising=True,
        )  # fmt: skip
        self.world.sleep_until(train.end_ns(len(bits)))
        return np.packbits(got).tobytes()


class Setup(NamedTuple):
    spi: WireSpi
    clock: VirtualClock
    chip: FlashChip

    @property
    def cells(self) -> NDArray[np.uint8]:
        assert self.spi.flash is not None
        return self.spi.flash.memory.cells

    def fill(self, seed: int = 0, count: int | None = None) -> bytes:
        content = np.random.default_rng(seed).integers(0, 256, count or len(self.cells), np.uint8)
        self.cells[: len(content)] = content
        return content.tobytes()


def soldered(part: str = "W25X40CL", *, hz: float = 20e6, seed: int = 0) -> Setup:
    """A chip, identified."""
    spi = WireSpi(part, seed)
    clock = VirtualClock(spi.world)
    return Setup(spi, clock, FlashChip.identify(spi, clock, hz))
