"""How well tone is read, measured on texts that nobody here wrote, and the training of the model that reads it."""
