"""What the library does, and every rule about it."""
