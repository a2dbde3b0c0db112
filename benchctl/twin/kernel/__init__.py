"""Kernel SPI and I²C nodes of a virtual bench PC, for programs that use spidev and i2c-dev."""
