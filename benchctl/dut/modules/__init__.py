"""Facts of the seven imp modules, one YAML file each, with source and confidence of every fact."""
