"""What a GPIO pin can be configured as, one class a mode."""
