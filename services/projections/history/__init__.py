"""The read model of what members did: members, their histories, and the policy each community lives under."""
