"""Fixture parts of the virtual bench: what is soldered or plugged beside the imp."""
