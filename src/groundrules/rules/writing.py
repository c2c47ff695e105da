"""What a rule of your own is written with. What stands here stays: other modules of this package may change.

A rule is a module named after its code, such as `ac101_no_print.py`. It has a docstring that begins with the
code, a function `check(project)` that yields a `Violation` for each place where the rule is broken, the
strings `RATIONALE` and `FIX`, and the tuples `INVALID` and `VALID` of `case`s that prove it.
"""

from groundrules.rules.cases import Case, case
from groundrules.rules.facts.mapped import Model
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.routes import Route, methods_of, path_of
from groundrules.rules.places import at_name, at_node, at_statement
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import CallSite, Class, Function, Module

__all__ = [
    "CallSite",
    "Case",
    "Class",
    "Function",
    "Model",
    "Module",
    "Project",
    "Route",
    "Violation",
    "at_name",
    "at_node",
    "at_statement",
    "case",
    "methods_of",
    "path_of",
]
