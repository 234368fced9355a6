"""What Warmline is held against: the textbook way, and loops that do the least that must be done."""
