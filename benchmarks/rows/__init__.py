"""One module for each measure: what runs, against what, and what is made of it."""
