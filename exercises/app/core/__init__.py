"""Configuration, security and what everything else builds on."""
