"""What runs Warmline: servers, supervisor, provisioning, command line."""
