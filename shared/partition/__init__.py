"""A partition and its owner: the loop that folds messages, fires deadlines and carries out commands."""
