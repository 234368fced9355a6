"""Grafana's dashboards as data: ``python -m infra.observability.dashboards`` writes them as Grafana reads them."""
