"""A dashboard as Grafana reads it."""

from __future__ import annotations

import json
from itertools import count
from typing import Final

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueGraphMode, StackingMode, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from infra.observability.dashboards.board import Board, Panel, Query, Shape

_PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="${prometheus}")
_NUMBER_HEIGHT: Final = 5
_HEIGHT: Final = 8
_TAG: Final = "warmline"


def grafana_json(board: Board) -> str:
    """Return the dashboard in Grafana's own form, with a link to the others and the choice of a Prometheus."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(f"warmline-{board.name}")
        .description(board.meaning)
        .tags([_TAG])
        .readonly()
        .refresh("30s")
        .time(f"now-{board.hours}h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("prometheus").label("Prometheus").type("prometheus"))
        .link(
            dashboard.DashboardLink("Warmline")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([_TAG])
            .as_dropdown(as_dropdown=False)
            .keep_time(keep_time=True)
            .include_vars(include_vars=True)
        )
    )
    ids = count(1)
    for row in board.rows:
        built.with_row(dashboard.Row(row.title).id(next(ids)))
        for panel in row.panels:
            built.with_panel(_panel(panel).id(next(ids)))
    return json.dumps(built.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _panel(panel: Panel) -> stat.Panel | timeseries.Panel | heatmap.Panel:
    builder: stat.Panel | timeseries.Panel | heatmap.Panel
    if panel.shape is Shape.NUMBER:
        latest = common.ReduceDataOptions().calcs(["lastNotNull"])
        builder = stat.Panel().graph_mode(BigValueGraphMode.AREA).reduce_options(latest).height(_NUMBER_HEIGHT)
        if panel.unit == "short":
            builder.decimals(0)
    elif panel.shape is Shape.HEAT:
        builder = heatmap.Panel().y_axis(heatmap.YAxisConfig().unit(panel.unit)).height(_HEIGHT)
    else:
        builder = timeseries.Panel().fill_opacity(5).height(_HEIGHT)
        builder.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        if panel.shape is Shape.STACKED:
            builder.fill_opacity(40).stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    builder.title(panel.title).description(panel.meaning).datasource(_PROMETHEUS)
    builder.unit(panel.unit).span(panel.width).thresholds(_thresholds(panel))
    for number, query in enumerate(panel.queries):
        builder.with_target(_target(query, "ABCDEF"[number], panel.shape))
    return builder


def _target(query: Query, name: str, shape: Shape) -> prometheus.Dataquery:
    target = prometheus.Dataquery().ref_id(name).expr(query.expr).legend_format(query.legend).range()
    if "histogram_quantile" in query.expr:
        target.exemplar(exemplar=True)
    if shape is Shape.HEAT:
        target.format(PromQueryFormat.HEATMAP)
    return target


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [Threshold(color="green", value=None)]
    if panel.warns is not None:
        steps.append(Threshold(color="orange", value=panel.warns))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
