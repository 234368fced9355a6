"""The kernel that all services stand on."""
