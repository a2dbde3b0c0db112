"""The configuration EEPROM, laid out as libftdi's ftdi_eeprom_build and pyftdi.eeprom have it."""

import struct

from benchctl.twin.ftdi.models import Model

_VENDOR = 0x0403
_STRING_TABLE = 0x0E
_FIRST_STRING = {128: 0x18, 256: 0x9A}
_CHECKSUM_SEED = 0xAAAA


class Eeprom:
    """16-bit words the vendor requests read, write and erase."""

    def __init__(self, model: Model, manufacturer: str, product: str, serial: str) -> None:
        self._model = model
        self._image = bytearray(model.eeprom_bytes)
        struct.pack_into("<HHHBB", self._image, 2, _VENDOR, model.product, model.release, 0x80, 250 // 2 // 2)
        at = _FIRST_STRING[model.eeprom_bytes]
        for i, text in enumerate((manufacturer, product, serial)):
            piece = text.encode("utf-16-le")
            descriptor = bytes((len(piece) + 2, 3)) + piece
            self._image[at : at + len(descriptor)] = descriptor
            pointer = at & (model.eeprom_bytes - 1)
            struct.pack_into("<BB", self._image, _STRING_TABLE + 2 * i, pointer, len(descriptor))
            at += len(descriptor)
        struct.pack_into("<H", self._image, model.eeprom_bytes - 2, self.checksum())

    def checksum(self) -> int:
        """The checksum its content should have."""
        total = _CHECKSUM_SEED
        for (word,) in struct.iter_unpack("<H", self._image[:-2]):
            total ^= word
            total = (total << 1 | total >> 15) & 0xFFFF
        return total

    def read(self, word: int) -> bytes:
        """One word, little endian; beyond the end it reads as erased."""
        return bytes(self._image[2 * word : 2 * word + 2]) or b"\xff\xff"

    def write(self, word: int, value: int) -> None:
        """Write one word; beyond the end it is lost."""
        if 2 * word < len(self._image):
            struct.pack_into("<H", self._image, 2 * word, value)

    def erase(self) -> None:
        """All ones."""
        self._image[:] = b"\xff" * len(self._image)
