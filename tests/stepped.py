"""A daemon that tests step by hand: the graph behind a code server, as a real daemon has it."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.controller import create_daemon_grpc_server_registry

from journey_dagster.settings import ROOT

GRAPH = ModuleTarget(
    module_name="journey_dagster.definitions",
    attribute=None,
    working_directory=str(ROOT),
    location_name="journey",
)


@contextmanager
def workspace(instance: dg.DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    """What a step of the daemon is given; the code server has ended when this ends."""
    with create_daemon_grpc_server_registry(instance) as servers:
        with WorkspaceProcessContext(instance, GRAPH, grpc_server_registry=servers) as context:
            yield context
        servers.shutdown_all_processes()
        servers.wait_for_processes()
