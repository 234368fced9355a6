"""What handlers ask for by type: the parts of the application, as Litestar injects them."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from services.projections.audit_watch import AuditWatch
from services.projections.changes import QueueChanges
from services.projections.desk.rendering import Pages
from services.projections.desk.session import Session, Sessions
from services.projections.health import HealthCheck
from services.projections.member_commands import MemberCommands
from services.projections.progress import Progress
from services.projections.reading import Reader
from services.projections.suggesting import Suggestions
from services.projections.touch_commands import TouchCommands
from services.projections.viewer import Viewer

AnyRequest = Request[Any, Any, Any]
SignedRequest = Request[Viewer, Session | None, Any]
"""A request that passed authentication; ``auth`` is None when it carried the token."""

GivenAudit = NamedDependency[AuditWatch]
GivenChanges = NamedDependency[QueueChanges]
GivenCommands = NamedDependency[TouchCommands]
GivenHealth = NamedDependency[HealthCheck]
GivenMemberCommands = NamedDependency[MemberCommands]
GivenPages = NamedDependency[Pages]
GivenProgress = NamedDependency[Progress]
GivenReader = NamedDependency[Reader]
GivenSuggestions = NamedDependency[Suggestions]
GivenSessions = NamedDependency[Sessions]
