"""The settings that make the function app use the services of one local stack."""

from pathlib import Path

from local.stack.admin_key import key_hash
from local.stack.ports import Ports

# The account and key that Azurite has built in; every Azure SDK documents them. No secret.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def app_settings(*, ports: Ports, state: Path, admin_key: str) -> dict[str, str]:
    """Every setting that depends on where the stack's services listen and keep their files."""
    sandbox = f"http://127.0.0.1:{ports.sandbox}"
    # The official emulator takes exactly this key and the word `true`; the embedded broker takes any.
    broker = (
        f"Endpoint=sb://localhost:{ports.service_bus};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )
    return {
        "ServiceBusConnection": broker,
        # Two namespaces on Azure, so that nobody outside has a key to this one.
        "DeliveriesConnection": broker,
        "ContractEventsTopic": "utilitycloudcontracteventstest",
        "ContractEventsSubscription": "connector",
        "DeliveriesQueue": "deliveries",
        "TableStorage": (
            f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};AccountKey={AZURITE_KEY};"
            f"TableEndpoint=http://127.0.0.1:{ports.tables}/{AZURITE_ACCOUNT};"
        ),
        "EntraAuthority": f"https://localhost:{ports.sandbox_tls}",
        "EntraCaBundle": str(state / "certificates" / "ca.pem"),
        "UtilityCloudInvoiceLineUrl": f"{sandbox}/se/invoicelineimport/v1/transaction",
        "UtilityCloudMeterValuesUrl": f"{sandbox}/v1/se/general-mv-adapter/CreateMeterValuesSeries",
        "PlatformAdminKeyHash": key_hash(admin_key),
        "AllowLocalAddresses": "true",
        "AllowLocalSecretStore": "true",
        "AllowDevelopmentSignIn": "true",
        "PublicAddress": f"http://127.0.0.1:{ports.functions}",
    }
