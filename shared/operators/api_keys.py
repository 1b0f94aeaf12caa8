"""API keys: issued, rotated, revoked, and recognised."""

import base64
import hashlib
import hmac
import logging
import re
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from shared.background import Background
from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable, Stored

from .api_key import ApiKey, IssuedKey, KeyEnded, KeyIssuedAlready, KeyRotatedAlready, KeyStore, RequestIdTaken
from .caller import Caller, Scope
from .timed_cache import TimedCache

logger = logging.getLogger(__name__)

# A revoked key must be refused everywhere within 10 s; the rest is for the read and the answer.
KEPT_FOR = timedelta(seconds=8)
ROTATION_GRACE = timedelta(hours=24)
_LAST_USE_STEP = timedelta(minutes=10)
_MOST_CACHED = 2_000
_SHAPE = re.compile(r"ucc_([0-9]{13})_([a-z2-7]{12})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[a-z2-7]{12}")
_NO_HASH = hashlib.sha256(b"").hexdigest()
_PLATFORM_KEY = Caller(gln=None, scope=Scope.PLATFORM_ADMIN, key_id="platform-admin", label="settings")


class ApiKeys:
    """The keys of all operators, and the platform's own, of which only the hash of the whole text is known."""

    def __init__(self, *, store: KeyStore, clock: Clock, background: Background, platform_key_hash: str | None) -> None:
        self._store = store
        self._clock = clock
        self._platform_key_hash = platform_key_hash or ""
        self._cache: TimedCache[tuple[str, str], ApiKey | None] = TimedCache(
            keep_for=KEPT_FOR, most=_MOST_CACHED, clock=clock
        )
        self._uses: dict[str, datetime] = {}
        self._background = background

    async def caller_of(self, text: str) -> Caller | None:
        """Who holds the key `text`; None if nobody does. A key that is not known costs what a known one costs."""
        whole_hash = _hash(text)
        if hmac.compare_digest(whole_hash, self._platform_key_hash):
            return _PLATFORM_KEY
        parts = _SHAPE.fullmatch(text)
        if parts is None:
            return None
        gln, name, secret = parts.groups()
        key = await self._cache.get((gln, name), read=lambda: self._read(gln, name))
        same = hmac.compare_digest(_hash(secret), key.secret_hash if key else _NO_HASH)
        now = self._clock.now()
        if key is None or not same or not key.holds(now):
            return None
        self._note_use(key, now)
        return Caller(gln=gln, scope=key.scope, key_id=key.key_id, label=key.label)

    async def issue(
        self, *, gln: str, scope: Scope, label: str, by: Caller, request_id: str | None = None
    ) -> IssuedKey:
        """A new key; with a `request_id` that the caller made up for this one request, only once.

        Raises KeyIssuedAlready, RequestIdTaken, and ScopeMissing when anyone but a platform-admin wants a
        platform-admin's key.
        """
        _may_touch(scope, by)
        name = _random_name() if request_id is None else _name_for(gln, request_id)
        issued = _new_key(gln=gln, name=name, scope=scope, label=label, now=self._clock.now())
        try:
            await self._store.add(issued.key)
        except RowConflict:
            if request_id is None:
                raise
            key_id = issued.key.key_id
            before = await self._find(gln, key_id)
            if before is not None and (before.value.scope, before.value.label) != (scope, label):
                raise RequestIdTaken(key_id=key_id) from None
            raise KeyIssuedAlready(key_id=key_id) from None
        self._forget(issued.key)  # somebody may have tried it before it was there
        return issued

    async def all_of(self, *, gln: str) -> list[ApiKey]:
        """An operator's keys, newest first, ended ones too."""
        keys = await self._store.all_of(gln=gln)
        return sorted(keys, key=lambda key: (key.created_at, key.name), reverse=True)

    async def rotate(self, *, gln: str, key_id: str, by: Caller) -> IssuedKey | None:
        """A new key of the same scope and label; the old one holds 24 hours more. None: there is no such key.

        Raises KeyEnded, KeyRotatedAlready, ScopeMissing, and RowConflict when the key changes meanwhile.
        """
        stored = await self._find(gln, key_id)
        if stored is None:
            return None
        old, now = stored.value, self._clock.now()
        _may_touch(old.scope, by)
        if not old.holds(now):
            raise KeyEnded(key_id=key_id)
        if old.valid_until is not None:
            raise KeyRotatedAlready(key_id=key_id)
        issued = _new_key(gln=gln, name=_random_name(), scope=old.scope, label=old.label, now=now)
        ending = Stored(value=replace(old, valid_until=now + ROTATION_GRACE), version=stored.version)
        await self._store.add(issued.key, ending=ending)
        self._forget(old)
        return issued

    async def revoke(self, *, gln: str, key_id: str, by: Caller) -> bool:
        """Ends a key at once; doing it again changes nothing. False: there is no such key. Raises ScopeMissing."""
        while (stored := await self._find(gln, key_id)) is not None:
            _may_touch(stored.value.scope, by)
            if stored.value.revoked_at is None:
                ended = replace(stored.value, revoked_at=self._clock.now())
                try:
                    await self._store.replace(Stored(value=ended, version=stored.version))
                except RowConflict:
                    continue  # its last use was written in between
            self._forget(stored.value)
            return True
        return False

    async def _read(self, gln: str, name: str) -> ApiKey | None:
        stored = await self._store.find(gln=gln, name=name)
        return stored.value if stored else None

    async def _find(self, gln: str, key_id: str) -> Stored[ApiKey] | None:
        owner, _, name = key_id.partition("-")
        if owner != gln or _NAME.fullmatch(name) is None:
            return None
        return await self._store.find(gln=gln, name=name)

    def _forget(self, key: ApiKey) -> None:
        self._cache.forget(lambda held: held == (key.gln, key.name))

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        last = max(filter(None, (key.last_used_at, self._uses.get(key.key_id))), default=None)
        if last is not None and now - last < _LAST_USE_STEP:
            return
        if len(self._uses) >= _MOST_CACHED:
            self._uses.clear()
        self._uses[key.key_id] = now
        self._background.start(self._write_use(key, now), name=f"writing the last use of key {key.key_id}")

    async def _write_use(self, key: ApiKey, now: datetime) -> None:
        try:
            stored = await self._store.find(gln=key.gln, name=key.name)
            if stored is not None:
                used = replace(stored.value, last_used_at=now)
                await self._store.replace(Stored(value=used, version=stored.version))
        except (RowConflict, StorageUnavailable) as error:
            logger.info("the last use of key %s was not written: %s", key.key_id, error)


def _may_touch(scope: Scope, by: Caller) -> None:
    if scope is Scope.PLATFORM_ADMIN:
        by.require(Scope.PLATFORM_ADMIN)


def _random_name() -> str:
    return _written(secrets.token_bytes(10))


def _name_for(gln: str, request_id: str) -> str:
    """The same for the same request of the same operator: the row that it makes is there once, whoever writes it."""
    return _written(hashlib.sha256(f"{gln} {request_id}".encode(errors="replace")).digest()[:10])


def _written(number: bytes) -> str:
    return base64.b32encode(number).decode().lower()[:12]


def _new_key(*, gln: str, name: str, scope: Scope, label: str, now: datetime) -> IssuedKey:
    secret = secrets.token_urlsafe(32)
    key = ApiKey(gln=gln, name=name, scope=scope, label=label, secret_hash=_hash(secret), created_at=now)
    return IssuedKey(key=key, text=f"ucc_{gln}_{name}_{secret}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
