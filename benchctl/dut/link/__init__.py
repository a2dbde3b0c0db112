"""The control link: how the bench talks to the device firmware over one of the imp's UARTs."""
