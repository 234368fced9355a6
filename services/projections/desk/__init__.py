"""The desk: the pages on which people see who needs them and take touches into their hands."""
