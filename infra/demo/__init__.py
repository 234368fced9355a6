"""A small living community to look at: the members of a fictional co-working house at a harbour."""
