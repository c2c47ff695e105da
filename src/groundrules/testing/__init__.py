"""What the suites of the steps are written with."""

from groundrules.testing.marks import demand, rules_so_far, task, waits, when_begun

__all__ = ["demand", "rules_so_far", "task", "waits", "when_begun"]
