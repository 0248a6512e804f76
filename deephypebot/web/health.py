"""Whether all is well: /healthz for a supervisor, /metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response

from deephypebot.store import Store
from deephypebot.web.faults import told
from deephypebot.web.place import place_of

router = APIRouter(tags=["health"])


class Meters(Collector):
    """Numbers of the store, counted when they are asked for, and how long writing takes."""

    def __init__(self, store: Store) -> None:
        self.store, self.registry = store, CollectorRegistry()
        buckets = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
        self.writing = Histogram(
            "deephypebot_write_seconds", "From request to texts.", buckets=buckets, registry=self.registry
        )
        self.registry.register(self)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Rows by state, feeds by what went wrong."""
        for name, counts in (
            ("entries", self.store.entries),
            ("items", self.store.items),
            ("outbox", self.store.outbox),
        ):
            family = GaugeMetricFamily(f"deephypebot_{name}", f"Rows of {name} by state.", labels=["state"])
            for state, count in counts.counts().items():
                family.add_metric([state], count)
            yield family
        polled = GaugeMetricFamily(
            "deephypebot_feed_polled_timestamp_seconds", "When a feed was last read.", labels=["feed"]
        )
        failing = GaugeMetricFamily("deephypebot_feed_failing", "1 where the last poll failed.", labels=["feed"])
        for feed in self.store.feeds.all():
            polled.add_metric([feed.name], feed.polled_at.timestamp() if feed.polled_at else 0)
            failing.add_metric([feed.name], float(bool(feed.error)))
        beat = GaugeMetricFamily(
            "deephypebot_stage_beat_timestamp_seconds", "When a stage was last alive.", labels=["stage"]
        )
        for stage, row in self.store.switches.beats().items():
            beat.add_metric([stage], row.at.timestamp())
        yield from (polled, failing, beat)
        yield GaugeMetricFamily("deephypebot_paused", "1 while nothing is posted.", float(self.store.switches.paused()))


@router.get("/healthz", responses=told(503))
def healthz(request: Request) -> Response:
    """200 while the database answers; which feeds fail, and whether posting is paused, for people. Why is on the page and told by `doctor`."""
    store = place_of(request).store
    failing = [feed.name for feed in store.feeds.all() if feed.error]
    said: dict[str, Any] = {"ok": True, "feeds_failing": failing, "unknown": store.outbox.counts().get("unknown", 0)}
    return JSONResponse(said | {"paused": store.switches.paused()})


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Prometheus's text format."""
    return Response(generate_latest(request.app.state.meters.registry), media_type="text/plain; version=0.0.4")
