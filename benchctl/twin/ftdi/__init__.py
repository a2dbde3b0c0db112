"""FTDI chips on the virtual bench, down to their FIFOs, status bytes and command processors."""
