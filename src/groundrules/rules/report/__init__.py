"""What people and machines are told: formats, ignores, settings."""
