"""The Squirrel 3.0.5 VM that runs an imp's device code, in a process of its own."""
