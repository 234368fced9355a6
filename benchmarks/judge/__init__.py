"""How often people are asked for what: real archives, replayed through triage under the default policy."""
