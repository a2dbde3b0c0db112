"""Serial NOR flash: identify, dump, compare, write."""
