"""The virtual imp: a module's pins, buses and impOS behaviour around a real Squirrel VM."""
