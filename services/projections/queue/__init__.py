"""The read model of touches: who needs a human, why, since when, and in whose hands it is."""
