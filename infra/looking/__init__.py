"""Looking at a running system: what `warmline status` and the auditor both ask, asked in one place."""
