"""Families of metrics as Prometheus' client wants them; each figure has its service as a label."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

V = TypeVar("V", bound=tuple[str, ...])
"""The values of the labels, which a figure is told by."""


def gauge(name: str, text: str, service: str, value: float) -> Metric:
    return gauges(name, text, service, (), {(): value})


def gauges(
    name: str, text: str, service: str, labels: Sequence[str], figures: Mapping[V, float]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["service", *labels])
    return _with_figures(family, service, figures)


def counters(
    name: str, text: str, service: str, labels: Sequence[str], figures: Mapping[V, float]
) -> Metric:
    """Their names end in `_total` for whoever scrapes."""
    family = CounterMetricFamily(name, text, labels=["service", *labels])
    return _with_figures(family, service, figures)


def _with_figures(
    family: GaugeMetricFamily | CounterMetricFamily, service: str, figures: Mapping[V, float]
) -> Metric:
    for values, figure in figures.items():
        family.add_metric([service, *values], figure)
    return family
