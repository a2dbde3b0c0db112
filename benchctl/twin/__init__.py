"""The virtual bench: USB adapters below pyusb, wires, fixture parts and an imp running real Squirrel code."""
