"""Adapters: the contracts of benchctl/buses fulfilled with pyserial, pyftdi, pyusb, spidev and smbus2."""
