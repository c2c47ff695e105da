"""What the application answers over HTTP."""
