"""Running the suites: the pytest plugin, what tests record, the journal, progress, sensitivity."""
