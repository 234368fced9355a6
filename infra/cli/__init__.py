"""The command `warmline`."""
