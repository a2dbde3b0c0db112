"""The SPI and I²C controllers behind the kernel's nodes, on the wires of the bench. Their calls take time."""

from typing import Literal

import numpy as np

from benchctl.twin.wires.clocked import Train, exchange
from benchctl.twin.wires.net import Driver, Net
from benchctl.twin.wires.timeline import Drive, strong

_FS_PER_S = 10**15
_SETUP_NS = 100  # from CS to the clock and back


class SpiController:
    """An SPI controller with one chip select, active low; idle in mode 0 until used."""

    def __init__(self, name: str, sclk: Net, copi: Net, cipo: Net, cs: Net) -> None:
        self._world = sclk.world
        self._sclk, self._copi, self._cs = (
            net.driver(f"{name}.{pin}") for net, pin in ((sclk, "SCLK"), (copi, "COPI"), (cs, "CS"))
        )
        self._cipo = cipo
        self._sclk.set(Drive.LOW)
        self._cs.set(Drive.HIGH)

    def select(self, on: bool) -> None:
        """Drive CS."""
        self._cs.set(strong(not on))
        self._world.sleep_until(self._world.now + _SETUP_NS)

    def idle_at(self, mode: int) -> None:
        """Put the clock at the idle level of a mode, before a chip is selected."""
        self._sclk.set(strong(mode & 2))
        self._world.sleep_until(self._world.now + _SETUP_NS)

    def shift(self, data: bytes, hz: int, mode: int, *, lsb_first: bool = False) -> bytes:
        """Exchange bytes; returns as many."""
        order: Literal["little", "big"] = "little" if lsb_first else "big"
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder=order)
        idle_high, late_phase = bool(mode & 2), bool(mode & 1)
        train = Train(self._world.now, _FS_PER_S // hz, idle_high)
        got = exchange(
            self._sclk,
            train,
            len(bits),
            out=self._copi,
            bits=bits,
            read=self._cipo,
            launch_rising=idle_high != late_phase,
            sample_rising=idle_high == late_phase,
        )
        self._world.sleep_until(train.end_ns(len(bits)))
        return np.packbits(got, bitorder=order).tobytes()


class NackError(Exception):
    """No acknowledgement."""


class HeldLowError(Exception):
    """SCL or SDA does not go high."""


class I2cController:
    """An I²C controller that neither stretches nor arbitrates."""

    def __init__(self, name: str, scl: Net, sda: Net, hz: int = 100_000) -> None:
        self._world = scl.world
        self._scl, self._sda = scl.driver(f"{name}.SCL"), sda.driver(f"{name}.SDA")
        self._period_fs = _FS_PER_S // hz

    def transfer(self, address: int, messages: list[bytes | int]) -> list[bytes]:
        """Messages with repeated STARTs between them and a STOP at the end.

        Args:
            address: 7 bits.
            messages: bytes to write, or how many bytes to read.

        Returns:
            What was read, one for each number among the messages.

        Raises:
            NackError: the address or a byte written was not acknowledged; the STOP has been sent.
            HeldLowError: the bus is stuck.
        """
        answers: list[bytes] = []
        try:
            for message in messages:
                self._start()
                if isinstance(message, int):
                    self._put(address << 1 | 1)
                    answers.append(bytes(self._get(last=i == message - 1) for i in range(message)))
                else:
                    self._put(address << 1)
                    for byte in message:
                        self._put(byte)
        finally:
            self._stop()
        return answers

    def _start(self) -> None:
        self._line(self._sda, 1)
        self._line(self._scl, 1)
        if not (self._scl.net.level() and self._sda.net.level()):
            raise HeldLowError
        self._line(self._sda, 0)
        self._line(self._scl, 0)

    def _stop(self) -> None:
        self._line(self._sda, 0)
        self._line(self._scl, 1)
        self._line(self._sda, 1)

    def _line(self, driver: Driver, level: int) -> None:
        driver.set(Drive.Z if level else Drive.LOW)
        self._world.sleep_until(self._world.now + self._period_fs // 2_000_000)

    def _put(self, value: int) -> None:
        if self._clock([value >> bit & 1 for bit in range(7, -1, -1)] + [1])[8]:
            raise NackError

    def _get(self, *, last: bool) -> int:
        got = self._clock([1] * 8 + [int(last)])
        return int(np.packbits(np.array(got[:8], np.uint8))[0])

    def _clock(self, bits: list[int]) -> list[int]:
        train = Train(self._world.now, self._period_fs)
        got: list[int] = exchange(
            self._scl,
            train,
            len(bits),
            out=self._sda,
            bits=np.array(bits, np.uint8),
            read=self._sda.net,
            launch_rising=False,
            sample_rising=True,
            open_drain=True,
        ).tolist()
        self._world.sleep_until(train.end_ns(len(bits)))
        return got
