"""`python -m groundrules`: the command where its script is not on the path."""

from groundrules.cli import main

main()
