"""What an operator does about messages and deadlines that could not be processed."""
