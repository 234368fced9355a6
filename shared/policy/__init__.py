"""The care policy as people write it: YAML in, ``shared.contracts.policy.Policy`` or findings with line and fix out."""
