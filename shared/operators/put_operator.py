"""Use case: an operator is set up, or configured anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from shared.addresses import address_fault, notice_address_fault
from shared.faults import RowConflict
from shared.identifiers import gln_fault, new_id
from shared.json_documents import DocumentRefused, FieldFault

from .caller import Caller, Scope
from .documents import OperatorDocument
from .notice_settings import NoticeSettings, new_secret
from .operator import BUCKETS, ChargingPlatform, Entra, Mode, Operator, Product, Rehearsal, UtilityCloud
from .register import StaleDocument
from .secrets import OperatorSecrets, SecretName
from .stores import OperatorStore

_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class PutOperator:
    """What a PUT did. `before` is None where there was no operator. `made_up_secret`: the secret of notices, where none
    was given and there was none: it is not to be had again.
    """

    operator: Operator
    created: bool
    before: Operator | None
    made_up_secret: str | None = None


async def put_operator(
    *,
    gln: str,
    document: OperatorDocument,
    by: Caller,
    store: OperatorStore,
    secrets: OperatorSecrets,
    allow_local_addresses: bool,
    now: datetime,
    matches: Callable[[str | None], bool],
) -> PutOperator:
    """Replaces the whole configuration but the secrets, which stay unless new ones are given, or `entra` is taken out.

    Only a platform-admin creates an operator. `matches` is told the present revision, None where there is none.
    Nothing is written when it raises DocumentRefused, ScopeMissing or StaleDocument. Raises SecretUnavailable, and
    RowConflict if others keep writing the same.
    """
    faults = tuple(_faults(gln, document, allow_local_addresses))
    if faults:
        raise DocumentRefused(*faults)
    versions: _SecretVersions | None = None
    made_up: str | None = None
    for _ in range(_TRIES):
        stored = await store.find(gln=gln)
        if stored is None:
            by.require(Scope.PLATFORM_ADMIN)
        if not matches(stored.value.revision if stored else None):
            raise StaleDocument(what=f"operator {gln}")
        versions = versions or await _keep_secrets(gln, document, secrets)
        before = stored.value if stored else None
        if document.notices and versions.notices is None and not (before and before.notices):
            made_up = new_secret()
            kept = await secrets.write(gln=gln, name=SecretName.NOTICES_SECRET, secret=made_up)
            versions = replace(versions, notices=kept)
        operator = _operator(gln, document, before, versions, now)
        try:
            await store.write(operator, version=stored.version if stored else None)
        except RowConflict:
            continue
        shown = made_up if operator.notices and operator.notices.secret == versions.notices else None
        return PutOperator(operator=operator, created=stored is None, before=before, made_up_secret=shown)
    raise RowConflict(partition=gln)


@dataclass(frozen=True, kw_only=True)
class _SecretVersions:
    client_secret: str | None
    platform_key: str | None
    notices: str | None


async def _keep_secrets(gln: str, document: OperatorDocument, secrets: OperatorSecrets) -> _SecretVersions:
    async def keep(name: SecretName, secret: str | None) -> str | None:
        return None if secret is None else await secrets.write(gln=gln, name=name, secret=secret)

    return _SecretVersions(
        client_secret=await keep(
            SecretName.ENTRA_CLIENT_SECRET, document.entra.client_secret if document.entra else None
        ),
        platform_key=await keep(SecretName.CHARGING_PLATFORM_API_KEY, document.charging_platform.api_key),
        notices=await keep(SecretName.NOTICES_SECRET, document.notices.secret if document.notices else None),
    )


def _operator(
    gln: str, document: OperatorDocument, before: Operator | None, versions: _SecretVersions, now: datetime
) -> Operator:
    entra, there, platform = document.entra, document.utility_cloud, document.charging_platform
    kept_secret = before.entra.client_secret if before and before.entra else None
    kept_key = before.charging_platform.api_key if before else None
    return Operator(
        gln=gln,
        name=document.name,
        currency=document.currency,
        timezone=document.timezone,
        created_at=before.created_at if before else now,
        revision=new_id(),
        mode=document.mode,
        state=document.state,
        accounting_point_pattern=document.accounting_point_pattern,
        virtual_token_prefix=document.virtual_token_prefix,
        null_means=document.null_means,
        default_site_id=document.default_site_id,
        default_tariff_id=document.default_tariff_id,
        products=tuple(
            Product(product_code=product.product_code, tariff_id=product.tariff_id, site_id=product.site_id)
            for product in document.products
        ),
        entra=Entra(
            directory_id=entra.directory_id,
            client_id=entra.client_id,
            scope=entra.scope,
            client_secret=versions.client_secret or kept_secret,
            secret_expires_at=entra.secret_expires_at,
        )
        if entra
        else None,
        utility_cloud=UtilityCloud(
            invoice_line_url=there.invoice_line_url,
            meter_values_url=there.meter_values_url,
            send_tenant_header=there.send_tenant_header,
            line_lookup=there.line_lookup,
        ),
        charging_platform=ChargingPlatform(
            sessions_url=platform.sessions_url,
            sites_url=platform.sites_url,
            api_key=versions.platform_key or kept_key,
        ),
        buckets=before.buckets if before else BUCKETS,
        rehearsal=_rehearsal(document),
        notices=_notices(document, before.notices if before else None, versions.notices, now),
    )


def _notices(
    document: OperatorDocument, before: NoticeSettings | None, secret: str | None, now: datetime
) -> NoticeSettings | None:
    wanted = document.notices
    kept_secret = secret or (before.secret if before else None)
    if wanted is None or kept_secret is None:
        return None
    same_address = before is not None and before.url == wanted.url
    return NoticeSettings(
        url=wanted.url,
        secret=kept_secret,
        since=before.since if before and same_address else now,
        kinds=tuple(dict.fromkeys(wanted.kinds)),
    )


def _rehearsal(document: OperatorDocument) -> Rehearsal | None:
    """What was got and is put again with another mode has ended."""
    if document.rehearsal is None or document.mode is not Mode.METER_VALUE:
        return None
    return Rehearsal(mode=Mode(document.rehearsal.mode))


def _faults(gln: str, document: OperatorDocument, allow_local_addresses: bool) -> Iterator[FieldFault]:
    if fault := gln_fault(gln):
        yield FieldFault(field="gln", message=fault)
    elif document.gln not in {None, gln}:
        yield FieldFault(field="gln", message="must be the one in the path")
    for field, url in (
        ("utilityCloud.invoiceLineUrl", document.utility_cloud.invoice_line_url),
        ("utilityCloud.meterValuesUrl", document.utility_cloud.meter_values_url),
        ("chargingPlatform.sessionsUrl", document.charging_platform.sessions_url),
        ("chargingPlatform.sitesUrl", document.charging_platform.sites_url),
    ):
        if url is not None and (fault := address_fault(url, local=allow_local_addresses)):
            yield FieldFault(field=field, message=fault)
    if document.notices is not None and (
        fault := notice_address_fault(document.notices.url, local=allow_local_addresses)
    ):
        yield FieldFault(field="notices.url", message=fault)
