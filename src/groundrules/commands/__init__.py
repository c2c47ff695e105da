"""The commands of `groundrules`, each with its options and its help.

Only what a command needs is imported, and only when it runs. The help lists them in the order of the imports.
"""

from groundrules.commands import authoring, progress, rules, serving, teaching
from groundrules.commands.root import app

__all__ = ["app", "authoring", "progress", "rules", "serving", "teaching"]
