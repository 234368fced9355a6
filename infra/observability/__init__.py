"""What stands beside Warmline to watch it: Prometheus, Alertmanager, a collector of traces, Grafana."""
