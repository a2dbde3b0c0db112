"""USB of the virtual bench: devices, hubs and a bus, and the pyusb backend that real libraries run on."""
