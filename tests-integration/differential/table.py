"""All scenes, in one table."""

from differential import (
    scenes_bodies,
    scenes_failures,
    scenes_fields,
    scenes_names,
    scenes_redirects,
    scenes_requests,
    scenes_responses,
    scenes_sessions,
    scenes_websockets,
)
from differential.stage import Scene

__all__ = ["SCENES"]

SCENES: list[Scene] = [
    *scenes_requests.SCENES,
    *scenes_bodies.SCENES,
    *scenes_responses.SCENES,
    *scenes_fields.SCENES,
    *scenes_redirects.SCENES,
    *scenes_failures.SCENES,
    *scenes_names.SCENES,
    *scenes_sessions.SCENES,
    *scenes_websockets.SCENES,
]
