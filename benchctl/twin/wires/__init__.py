"""Wires of the virtual bench: nets that resolve their drivers, and the signalling that runs over them."""
