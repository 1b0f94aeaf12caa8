"""The settings of what is talked to: Entra, Utility Cloud, the charging platform, whoever is told."""

from functions.pages.settings_field import Field, Group, Kind
from shared.operators import NoticeKind

_OF_THE_DEPLOYMENT = "Empty: the address of this deployment, shown at the end of this page."

OUTSIDE: tuple[Group, ...] = (
    Group(
        group_id="entra",
        title="Microsoft Entra",
        about="How tokens for Utility Cloud are asked for: the operator's own app registration. Utility Cloud must "
        "know the same client id.",
        forgets="entra",
        fields=(
            Field(
                name="entra.directoryId",
                label="Directory (tenant) id",
                must="must be the directory's id or domain: letters, digits, dots and hyphens",
                longest=100,
            ),
            Field(name="entra.clientId", label="Application (client) id"),
            Field(
                name="entra.scope",
                label="Scope",
                help="The App ID URI of Utility Cloud's API, followed by /.default",
                longest=500,
            ),
            Field(
                name="entra.clientSecret",
                label="Client secret",
                help="Never shown. Leave it empty to keep the one that is set.",
                kind=Kind.SECRET,
                longest=4000,
            ),
            Field(
                name="entra.secretExpiresAt",
                label="Client secret expires",
                help="As Entra shows it. A notice is sent 30 days before.",
                kind=Kind.TIME,
                may_be_empty=True,
            ),
        ),
    ),
    Group(
        group_id="utility-cloud",
        title="Utility Cloud",
        about="Where lines and meter values go.",
        fields=(
            Field(
                name="utilityCloud.invoiceLineUrl",
                label="Address for costed transactions",
                help=_OF_THE_DEPLOYMENT,
                may_be_empty=True,
                longest=2000,
            ),
            Field(
                name="utilityCloud.meterValuesUrl",
                label="Address for meter values",
                help=_OF_THE_DEPLOYMENT,
                may_be_empty=True,
                longest=2000,
            ),
            Field(name="utilityCloud.sendTenantHeader", label="Send the GLN as header “tenant”", kind=Kind.CHECK),
            Field(
                name="utilityCloud.lineLookup",
                label="When it is not known whether a line arrived",
                kind=Kind.CHOICE,
                choices=(
                    ("get", "Ask Utility Cloud whether it has the line (GET)"),
                    ("none", "Send the line again under the same id"),
                ),
            ),
        ),
    ),
    Group(
        group_id="charging-platform",
        title="Charging platform",
        about="Where the platform is asked for sessions that it did not notify, and for sites. Empty: it is not asked.",
        fields=(
            Field(name="chargingPlatform.sessionsUrl", label="Address of sessions", may_be_empty=True, longest=2000),
            Field(name="chargingPlatform.sitesUrl", label="Address of sites", may_be_empty=True, longest=2000),
            Field(
                name="chargingPlatform.apiKey",
                label="The platform's API key",
                help="Never shown. Leave it empty to keep the one that is set.",
                kind=Kind.SECRET,
                longest=4000,
            ),
        ),
    ),
    Group(
        group_id="notices",
        title="Notices",
        about="Where to tell you of what needs a person, as webhooks signed in the manner of Standard Webhooks.",
        forgets="notices",
        fields=(
            Field(name="notices.url", label="Address", help="https, on the public internet.", longest=2000),
            Field(
                name="notices.kinds",
                label="Tell of",
                kind=Kind.KINDS,
                choices=tuple((kind.value, kind.value.replace("-", " ")) for kind in NoticeKind),
            ),
            Field(
                name="notices.secret",
                label="Signing secret",
                help="Never shown. Leave it empty to keep the one that is set; with the first address one is made up "
                "and shown once.",
                kind=Kind.SECRET,
            ),
        ),
    ),
)
