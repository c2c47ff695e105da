"""Where in the source a violation is shown."""

import re

from groundrules.rules.model.tree import Class, Function
from groundrules.rules.rule import Violation

_KEYWORDS = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+")


def at_name(defined: Function | Class, message: str) -> Violation:
    """Return a violation that points at the name of a function or class."""
    module, node = defined.module, defined.node
    line, start = module.line(node.lineno), module.column(node) - 1
    match = _KEYWORDS.match(line, start)
    if match and line.startswith(defined.name, match.end()):
        start, end = match.end(), match.end() + len(defined.name)
    else:  # the name stands on a later line, or is written in other letters
        end = len(line.rstrip())
    return Violation(module.path, node.lineno, start + 1, end + 1, message)
