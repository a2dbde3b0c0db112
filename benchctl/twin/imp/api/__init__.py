"""The imp API: one module for each object a device program can reach."""
