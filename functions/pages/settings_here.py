"""The settings of what happens here: mode, drivers, accounting points, products."""

from functions.pages.settings_field import Field, Group, Kind

_MODES = (
    ("costed-transaction", "Costed transactions: we price sessions"),
    ("meter-value", "Meter values: Utility Cloud prices sessions"),
)
_STATES = (("live", "Live: lines are sent"), ("rehearsal", "Rehearsal: everything happens, nothing is sent"))

HERE: tuple[Group, ...] = (
    Group(
        group_id="operator",
        title="Operator",
        about="What it is called, and in which currency and time zone its sessions are priced and shown.",
        fields=(
            Field(name="name", label="Name"),
            Field(name="currency", label="Currency", help="Tariffs must be in it.", kind=Kind.CHOICE),
            Field(
                name="timezone",
                label="Time zone",
                help="Of the IANA database, such as Europe/Oslo. Hours and days in tariffs are meant in it.",
                suggestions="zones",
            ),
        ),
    ),
    Group(
        group_id="mode",
        title="Mode and rehearsal",
        about="How sessions reach Utility Cloud, and whether anything is sent. A session keeps the mode in force when "
        "it was settled. One that is still open or held is settled in the mode of that time.",
        fields=(
            Field(name="state", label="State", kind=Kind.CHOICE, choices=_STATES),
            Field(name="mode", label="Mode", kind=Kind.CHOICE, choices=_MODES),
            Field(
                name="rehearsal.mode",
                label="Rehearse a second mode",
                help="Only beside meter values: what lines would be is shown beside what was sent, and never sent. "
                "It ends when the mode is changed.",
                kind=Kind.CHOICE,
                may_be_empty=True,
                choices=(("", "No"), ("costed-transaction", "Price each session as a costed transaction, too")),
            ),
        ),
    ),
    Group(
        group_id="new-drivers",
        title="New drivers",
        about="What a driver gets when a contract becomes active. Drivers who are here already stay as they are.",
        fields=(
            Field(
                name="defaultSiteId",
                label="Default site or group",
                help="A site's number. A driver is placed here if neither the contract nor its product says where. "
                "Empty: nowhere in particular, so only sites that are not private are open.",
                kind=Kind.NUMBER,
                may_be_empty=True,
                longest=16,
                suggestions="sites",
            ),
            Field(
                name="virtualTokenPrefix",
                label="Virtual RFID prefix",
                help="1 to 8 letters, digits or signs without blanks. Virtual tags that exist keep theirs.",
                must="must be 1 to 8 letters of A to Z, digits or signs, without blanks",
                longest=8,
            ),
            Field(
                name="nullMeans",
                label="When an update says null",
                help="What a ContractUpdated event means that has null for the RFID or the site.",
                kind=Kind.CHOICE,
                choices=(("removed", "It was removed"), ("unchanged", "It is unchanged")),
            ),
        ),
    ),
    Group(
        group_id="accounting-points",
        title="Accounting points",
        about="Which accounting point ids are accepted. An event with another one is refused and becomes a dead "
        "letter.",
        fields=(
            Field(
                name="accountingPointPattern",
                label="Pattern",
                help="A regular expression as RE2 understands it. The whole id must fit. Default: [A-Za-z0-9]{5,18}",
            ),
        ),
    ),
    Group(
        group_id="products",
        title="Tariffs and products",
        about="What a contract's product brings with it. The product's tariff goes before the site's, and that before "
        "the default tariff. It applies to lines that are written from now on; no new contract event is needed.",
        fields=(
            Field(
                name="defaultTariffId",
                label="Default tariff",
                help="Prices sessions for which neither product nor site names one. Empty: those sessions are held.",
                may_be_empty=True,
                longest=100,
                suggestions="tariffs",
            ),
        ),
    ),
)
