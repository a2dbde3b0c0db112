"""What is on a bench: rig files, the wiring they state, the rules it must keep, and adapter locks."""
