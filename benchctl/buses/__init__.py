"""Contracts: what every bus, line and clock of a bench offers, whatever adapter fulfils it."""
