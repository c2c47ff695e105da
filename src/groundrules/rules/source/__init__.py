"""What is written: files, trees, scopes, statements, syntax."""
