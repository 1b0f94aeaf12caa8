"""Tokens for Utility Cloud: OAuth2 client credentials from Microsoft Entra, by azure-identity, per operator."""

import asyncio
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.operators import Operator, OperatorSecrets, SecretName, SecretUnavailable

if TYPE_CHECKING:
    from azure.identity.aio import ClientSecretCredential

LONGEST_REQUEST = timedelta(seconds=20)


class TokenRefused(Exception):
    """Entra (or what is missing in the operator's settings) says no, and will until somebody changes something."""

    def __init__(self, *, explanation: str, status: int | None = None) -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.status = status


class TokenUnavailable(Exception):
    """Entra did not answer, or cannot now. `retry_after` is the header of that name, if there was one."""

    def __init__(self, *, explanation: str, status: int | None = None, retry_after: str | None = None) -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class _Cached:
    fingerprint: str
    credential: "ClientSecretCredential"


class EntraTokens:
    """One credential per operator, which keeps its token until it expires; one token request at a time each.

    Every 4xx of the token endpoint but 408 and 429 is a fault of the operator's credential: not all of those are 401.
    """

    def __init__(
        self,
        *,
        secrets: OperatorSecrets,
        authority: str,
        ca_bundle: str | None,
        longest_request: timedelta = LONGEST_REQUEST,
    ) -> None:
        self._longest_request = longest_request
        self._secrets = secrets
        self._authority = authority
        self._ca_bundle = ca_bundle
        self._cached: dict[str, _Cached] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(self, operator: Operator, *, fresh: bool = False) -> str:
        """A token that is accepted as far as is known; a `fresh` one is asked for anew.

        Raises TokenRefused, TokenUnavailable.
        """
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        entra = operator.entra
        if entra is None or entra.client_secret is None:
            raise TokenRefused(
                explanation="the operator's Entra settings are incomplete: entra.clientSecret is not set"
            )
        async with self._locks[operator.gln]:
            credential = await self._credential(operator, fresh=fresh)
            try:
                # By itself the SDK waits for minutes.
                async with asyncio.timeout(self._longest_request.total_seconds()):
                    return (await credential.get_token(entra.scope)).token
            except ClientAuthenticationError as error:
                raise _as_told(error) from error
            except (AzureError, TimeoutError) as error:
                raise TokenUnavailable(
                    explanation=f"no token: Entra does not answer ({type(error).__name__})"
                ) from error
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                # What the SDK stumbles over when the answer is none of Entra's, such as that of a proxy.
                raise TokenUnavailable(
                    explanation=f"no token: what Entra answered makes no sense ({type(error).__name__})"
                ) from error

    async def aclose(self) -> None:
        """Closes all connections."""
        for cached in self._cached.values():
            await cached.credential.close()
        self._cached.clear()

    async def _credential(self, operator: Operator, *, fresh: bool) -> "ClientSecretCredential":
        from azure.identity.aio import ClientSecretCredential

        entra = operator.entra
        assert entra is not None and entra.client_secret is not None  # noqa: S101, PT018  the caller looked
        settings = (entra.directory_id, entra.client_id, entra.client_secret)
        fingerprint = hashlib.sha256("\n".join(settings).encode()).hexdigest()
        cached = self._cached.get(operator.gln)
        if cached is not None and cached.fingerprint == fingerprint and not fresh:
            return cached.credential
        try:
            secret = await self._secrets.read(
                gln=operator.gln, name=SecretName.ENTRA_CLIENT_SECRET, version=entra.client_secret
            )
        except SecretUnavailable as error:
            raise TokenUnavailable(explanation=f"no token: {error}") from error
        credential = ClientSecretCredential(
            entra.directory_id,
            entra.client_id,
            secret,
            authority=self._authority,
            disable_instance_discovery=True,
            connection_verify=self._ca_bundle or True,
            retry_total=0,
        )
        if cached is not None:
            await cached.credential.close()
        self._cached[operator.gln] = _Cached(fingerprint=fingerprint, credential=credential)
        return credential


def _as_told(error: Exception) -> TokenRefused | TokenUnavailable:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    first_line = str(error).strip().splitlines()[0][:500] if str(error).strip() else "no explanation"
    explanation = f"no token: Entra answered {status}: {first_line}"
    if status is not None and 400 <= status < 500 and status not in {408, 429}:
        return TokenRefused(explanation=explanation, status=status)
    asked_for = response.headers.get("Retry-After") if response is not None else None
    return TokenUnavailable(explanation=explanation, status=status, retry_after=asked_for)
