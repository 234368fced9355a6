"""Real servers, brought by wheels, as children of this process."""
