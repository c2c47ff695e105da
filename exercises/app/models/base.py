"""What every model has: one base, named constraints, and two timestamps.

Write it in step 03 (steps/03-models/README.md): `Base`, with `created_at` and `updated_at`.
"""
