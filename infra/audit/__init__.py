"""The auditor: looks at everything every few seconds, raises alarms, and tells a dead man's switch that all is well."""
