"""Configuration, security, and what all other packages build on."""
