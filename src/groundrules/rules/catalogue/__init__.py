"""The rules, one file each; a file named after its code is found by being here."""
