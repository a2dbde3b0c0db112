"""Facts of the seven imp modules, one YAML file each, with source and confidence of every fact, and what the
entries of those files are: `facts`, `buses`, `pins` and other `parts`."""
