"""benchctl: a hardware-in-the-loop test harness and bench controller for Electric Imp modules."""
