"""RegisterJobDefinition, DescribeJobDefinitions, DeregisterJobDefinition (BEHAVIOUR 2.1)."""

from __future__ import annotations

from batchyard.api.batch import (
    DeregisterJobDefinitionRequest,
    DeregisterJobDefinitionResponse,
    DescribeJobDefinitionsRequest,
    DescribeJobDefinitionsResponse,
    RegisterJobDefinitionRequest,
    RegisterJobDefinitionResponse,
)
from batchyard.domain.checks import not_longer, one_of
from batchyard.domain.definitions import (
    ACTIVE,
    INACTIVE,
    Definition,
    check_registration,
    definition_reference,
    describe,
    does_not_exist,
)
from batchyard.domain.errors import Invalid, NotFound
from batchyard.handlers.base import Context
from batchyard.handlers.paging import decode_token, encode_token, page_size
from batchyard.store.base import Tx

_LISTING = "DescribeJobDefinitions"
_MAX_NAMES = 100


async def register_job_definition(
    context: Context, request: RegisterJobDefinitionRequest
) -> RegisterJobDefinitionResponse:
    """A new revision (2.01, 2.02)."""
    registration = check_registration(request, context.settings.limits, context.settings.jobs)
    now = context.clock.now()
    definition = await context.store.write(lambda tx: tx.definitions.add(registration, now))
    return RegisterJobDefinitionResponse(
        jobDefinitionName=definition.name,
        jobDefinitionArn=context.identity.definition(definition.name, definition.revision),
        revision=definition.revision,
    )


async def describe_job_definitions(
    context: Context, request: DescribeJobDefinitionsRequest
) -> DescribeJobDefinitionsResponse:
    """By name and revision, or filtered, newest first (2.08). What does not exist is left out (1.30)."""
    if request.jobDefinitions:
        found = await _named(context, request)
        return DescribeJobDefinitionsResponse(jobDefinitions=[describe(each, context.identity) for each in found])
    one_of(request.status or None, (ACTIVE, INACTIVE), "status")
    limit = page_size(request.maxResults)
    after = decode_token(_LISTING, request.nextToken, int)
    found = await context.store.read(
        lambda tx: tx.definitions.listed(
            name=request.jobDefinitionName or None,
            status=request.status or None,
            below=after,
            limit=limit + 1,
        )
    )
    page = found[:limit]
    return DescribeJobDefinitionsResponse(
        jobDefinitions=[describe(each, context.identity) for each in page],
        nextToken=encode_token(_LISTING, page[-1].pk) if len(found) > limit else None,
    )


async def _named(context: Context, request: DescribeJobDefinitionsRequest) -> list[Definition]:
    """Those that `jobDefinitions` names; a bare name is its newest ACTIVE revision."""
    if request.jobDefinitionName or request.status or request.maxResults is not None or request.nextToken:
        raise Invalid("jobDefinitions cannot be used with other parameters.")
    names = request.jobDefinitions or []
    not_longer(names, _MAX_NAMES, "jobDefinitions")
    references: list[tuple[str, int | None]] = []
    for name in names:
        try:
            references.append(definition_reference(name, context.identity))
        except NotFound:
            continue
    return await context.store.read(lambda tx: tx.definitions.named(references))


async def deregister_job_definition(
    context: Context, request: DeregisterJobDefinitionRequest
) -> DeregisterJobDefinitionResponse:
    """Make a revision INACTIVE; one that is INACTIVE already stays so, and no fault is made of it (2.04)."""
    name, revision = definition_reference(request.jobDefinition, context.identity)
    now = context.clock.now()

    def deregister(tx: Tx) -> None:
        definition = tx.definitions.get(name, revision)
        if definition is not None:
            tx.definitions.deregister(definition, now)
        elif revision is not None or not tx.definitions.listed(name=name, status=INACTIVE, below=None, limit=1):
            raise NotFound(does_not_exist(request.jobDefinition))

    await context.store.write(deregister)
    return DeregisterJobDefinitionResponse()
