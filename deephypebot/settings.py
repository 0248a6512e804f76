"""The settings of the bot: one TOML file, and over it the environment and a folder of secret files.

`[bluesky] password` may also come as DEEPHYPEBOT_BLUESKY__PASSWORD, or as the file `bluesky__password` in the folder that
DEEPHYPEBOT_SECRETS names. Secrets are never shown: not in errors, not in logs, not by repr.
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from deephypebot.config import state_dir
from deephypebot.errors import InputError, shown

NEEDS = {
    "mastodon-hashtag": "hashtag",
    "rss": "url",
    "reddit": "subreddit",
    "file": "path",
}  # what a kind of feed must be told
Seconds = Annotated[float, Field(gt=0)]
Network = Literal["bluesky", "mastodon", "x", "console", "rss", "json", "markdown"]


class Table(BaseModel):
    """A table of the TOML file. A key that it does not have is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Table):
    """url: of SQLAlchemy; sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE. Default: a file in the state folder. patience: how
    long a worker may be silent before others take its rows, as a multiple of what each stage has (three minutes for posting)."""

    url: SecretStr = Field(default_factory=lambda: SecretStr(f"sqlite:///{state_dir() / 'bot.db'}"))
    patience: Annotated[float, Field(ge=0.01, le=100)] = 1.0


class BlueskySettings(Table):
    """An account at Bluesky, or another server of the AT Protocol. password: an app password, better than the account's own."""

    service: str = "https://bsky.social"
    handle: str = ""
    password: SecretStr = SecretStr("")
    jetstream: str = "wss://jetstream2.us-east.bsky.network/subscribe"


class MastodonSettings(Table):
    """An account at a server that speaks Mastodon's API. token: of an application with the scopes read and write."""

    server: str = ""
    token: SecretStr = SecretStr("")
    visibility: Literal["public", "unlisted", "private"] = "public"
    language: str = "en"


class XSettings(Table):
    """An account at X, which costs money. dollars_a_day: what reading may cost, at most; 0: nothing is read."""

    consumer_key: SecretStr = SecretStr("")
    consumer_secret: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    access_secret: SecretStr = SecretStr("")
    dollars_a_day: Annotated[float, Field(ge=0)] = 0.0
    api: str = "https://api.x.com"


class RedditSettings(Table):
    """An application at Reddit."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    api: str = "https://oauth.reddit.com"
    sign_in: str = "https://www.reddit.com"


class FeedSettings(Table):
    """A feed to watch. The others are what some kinds must be told. every_s: between polls; most: entries a poll."""

    kind: Literal[
        "bluesky-home",
        "bluesky-notifications",
        "jetstream",
        "mastodon-home",
        "mastodon-hashtag",
        "mastodon-notifications",
        "rss",
        "reddit",
        "x-home",
        "file",
    ]
    url: str = ""
    hashtag: str = ""
    subreddit: str = ""
    path: str = ""
    people: tuple[str, ...] = ()
    every_s: Seconds = 60.0
    most: Annotated[int, Field(ge=1, le=200)] = 200

    @model_validator(mode="after")
    def _is_complete(self) -> FeedSettings:
        if (name := NEEDS.get(self.kind)) and not getattr(self, name):
            raise ValueError(f"a feed of kind {self.kind} needs {name}")
        return self


class LookUpSettings(Table):
    """Where songs are looked up, in this order. contact: a mail address or page, which MusicBrainz demands of who asks it.

    The addresses are those of the services; tests point them elsewhere.
    """

    catalogues: tuple[
        Literal[
            "embedded",
            "odesli",
            "listenbrainz",
            "musicbrainz",
            "lastfm",
            "deezer",
            "itunes",
            "spotify",
            "reccobeats",
        ],
        ...,
    ] = ("embedded",)
    contact: str = ""
    listenbrainz_token: SecretStr = SecretStr("")
    lastfm_key: SecretStr = SecretStr("")
    spotify_id: str = ""
    spotify_secret: SecretStr = SecretStr("")
    cache_days: Annotated[float, Field(ge=0)] = 30.0
    addresses: dict[str, str] = Field(default_factory=dict)


class WriterSettings(Table):
    """How candidates are written. batch: songs that are written together; fewest_score: of a mention that is written about."""

    checkpoint: Path | None = None
    candidates: Annotated[int, Field(ge=1, le=20)] = 5
    styles: tuple[Literal["descriptive", "warm", "wild", "plain"], ...] = ("descriptive",)
    temperature: Annotated[float, Field(ge=0.1, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    threads: Annotated[int, Field(ge=1, le=256)] = 2
    batch: Annotated[int, Field(ge=1, le=64)] = 16
    same_song_days: Annotated[float, Field(ge=0)] = 30.0
    recent_posts: Annotated[int, Field(ge=0, le=1000)] = 200


class PostSettings(Table):
    """How a network is posted to. slots: times of the day in time_zone; a_day: posts at most; credit: names the source of the song.

    label: a hashtag or words that say that a machine wrote it; automatic_answers: an answer to who asks is approved without a curator.
    """

    slots: tuple[time, ...] = ()
    a_day: Annotated[int, Field(ge=1, le=1000)] = 24
    credit: bool = False
    label: str = ""
    automatic_answers: bool = False
    path: Path | None = None
    title: str = "deephypebot"


class QueueSettings(Table):
    """What the curator and the networks are spared. answers_a_day: for one person; notice_at: items that wait before a notice goes out;
    likes_every_min: how often the likes of a new post are counted; those of older ones more seldom."""

    publish: tuple[Network, ...] = ("console",)
    time_zone: str = "UTC"
    answers_a_day: Annotated[int, Field(ge=0)] = 3
    blocked_artists: tuple[str, ...] = ()
    blocked_words: tuple[str, ...] = ()
    notice_at: Annotated[int, Field(ge=1)] = 10
    notice_every_h: Seconds = 12.0
    likes_every_min: Seconds = 10.0

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("allowed is a name of the time zone database, like Europe/Berlin")
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class NoticeSettings(Table):
    """Where notices go: a webhook that takes {"text": ...}, a mailbox, or both."""

    webhook: SecretStr = SecretStr("")
    mail_to: str = ""
    mail_from: str = ""
    mail_host: str = "localhost"
    mail_port: Annotated[int, Field(ge=1, le=65535)] = 25
    mail_user: str = ""
    mail_password: SecretStr = SecretStr("")


class SheetSettings(Table):
    """A Google Sheet to curate in. credentials: the JSON file of a service account that may edit it."""

    key: str = ""
    worksheet: str = "queue"
    credentials: Path | None = None


class WebSettings(Table):
    """The curation page. token: to sign in with, made and kept in the state folder where none is given."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    token: SecretStr = SecretStr("")
    api_keys: tuple[SecretStr, ...] = ()
    secure_cookies: bool = False


class CorpusSettings(Table):
    """The harvest of a corpus. url: of its database, by default a file in the state folder; contact: a mail address or page, which servers
    are told; pause_s: between two requests to a host, where its robots.txt asks for no more; at_once: hosts that are read side by side;
    longest_s: of one page; tries, retry_s: of a page that does not answer, and the wait before the second; longest_wait_s: how long a
    harvest waits for what is due later before it ends; rules_days: how long a robots.txt is believed; addresses: of services, for tests;
    opt_outs: of sites that do not want models to learn from them: respect (nothing is read) or record (it is read, and its licence says
    so: for uses that train nothing); archive: the Wayback Machine, where dead pages are looked up, "" for nowhere; resolve: hosts that are
    found elsewhere, {"HOST:PORT": "ADDRESS:PORT"}, which may be private ones."""

    url: SecretStr = Field(default_factory=lambda: SecretStr(f"sqlite:///{state_dir() / 'corpus.db'}"))
    contact: str = ""
    pause_s: Annotated[float, Field(ge=0, le=3600)] = 1.0
    longest_wait_s: Annotated[float, Field(ge=0)] = 60.0
    at_once: Annotated[int, Field(ge=1, le=64)] = 8
    longest_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    retry_s: Annotated[float, Field(ge=0)] = 60.0
    opt_outs: Literal["respect", "record"] = "respect"
    rules_days: Annotated[float, Field(gt=0)] = 1.0
    archive: str = "https://web.archive.org"
    hype_machine_key: SecretStr = SecretStr("")
    tumblr_key: SecretStr = SecretStr("")
    soundcloud_id: str = ""
    soundcloud_secret: SecretStr = SecretStr("")
    resolve: dict[str, str] = Field(default_factory=dict)
    addresses: dict[str, str] = Field(default_factory=dict)

    @field_validator("resolve")
    @classmethod
    def _are_places(cls, resolve: dict[str, str]) -> dict[str, str]:
        for pair in resolve.items():
            for place in pair:
                host, colon, port = place.rpartition(":")
                if not (host and colon and port.isdigit()):
                    raise ValueError('allowed is {"HOST:PORT": "ADDRESS:PORT"}')
        return resolve


class Settings(BaseSettings):
    """All of them. Read with `load_settings`."""

    model_config = SettingsConfigDict(env_prefix="DEEPHYPEBOT_", env_nested_delimiter="__", extra="forbid", frozen=True)

    store: StoreSettings = Field(default_factory=StoreSettings)
    feeds: dict[str, FeedSettings] = Field(default_factory=dict)
    look_up: LookUpSettings = Field(default_factory=LookUpSettings)
    writer: WriterSettings = Field(default_factory=WriterSettings)
    queue: QueueSettings = Field(default_factory=QueueSettings)
    post: dict[Network, PostSettings] = Field(default_factory=dict)
    web: WebSettings = Field(default_factory=WebSettings)
    notice: NoticeSettings = Field(default_factory=NoticeSettings)
    sheet: SheetSettings = Field(default_factory=SheetSettings)
    bluesky: BlueskySettings = Field(default_factory=BlueskySettings)
    mastodon: MastodonSettings = Field(default_factory=MastodonSettings)
    x: XSettings = Field(default_factory=XSettings)
    reddit: RedditSettings = Field(default_factory=RedditSettings)
    corpus: CorpusSettings = Field(default_factory=CorpusSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the TOML file and the secret files, which come as init_settings."""
        return env_settings, init_settings

    def posting(self, network: str) -> PostSettings:
        """How this network is posted to."""
        return next((post for name, post in self.post.items() if name == network), PostSettings())


SETTINGS, SECRETS = "DEEPHYPEBOT_SETTINGS", "DEEPHYPEBOT_SECRETS"
DEFAULT_FILE = "deephypebot.toml"
IS_SECRET = re.compile(r"pass|token|secret|key|webhook|url")


def load_settings(path: Path | None = None) -> Settings:
    """The settings of a TOML file, by default the one that DEEPHYPEBOT_SETTINGS names, or deephypebot.toml here if there is one.

    Raises InputError that names the key, its value unless it is secret, and what is allowed.
    """
    path = path or _default_file()
    tables = _merged(_read_toml(path) if path else {}, _read_secrets())
    try:
        return Settings(**tables)
    except ValidationError as error:
        raise InputError(f"settings{f' {path}' if path else ''}: {_phrase(error)}") from None
    except (
        SettingsError
    ) as error:  # an environment variable that is no JSON where a table is due; its text may be secret
        raise InputError(f"settings: the environment cannot be read ({type(error).__name__})") from None


def _default_file() -> Path | None:
    if named := os.environ.get(SETTINGS):
        return Path(named)
    here = Path(DEFAULT_FILE)
    return here if here.is_file() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"settings {path}: allowed is TOML ({error})") from error


def _read_secrets() -> dict[str, Any]:
    """Tables of the folder of secret files: `bluesky__password` is [bluesky] password."""
    folder = os.environ.get(SECRETS)
    tables: dict[str, Any] = {}
    for file in sorted(Path(folder).iterdir()) if folder else ():
        table, parted, key = file.name.partition("__")
        if parted and file.is_file():
            tables.setdefault(table.lower(), {})[key.lower()] = file.read_text(encoding="utf-8").rstrip("\r\n")
    return tables


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two dicts of tables as one; where both have a key it is that of `above`."""
    both = below | above
    nested = {k for k in below.keys() & above.keys() if isinstance(below[k], dict) and isinstance(above[k], dict)}
    return both | {key: _merged(below[key], above[key]) for key in nested}


def _phrase(error: ValidationError) -> str:
    """The first fault: key, value, what is allowed."""
    fault = error.errors(include_url=False, include_context=False)[0]
    where = [str(part) for part in fault["loc"]]
    is_table = fault["type"] == "value_error" and isinstance(fault["input"], dict)
    value = "" if is_table or IS_SECRET.search(where[-1] if where else "") else f" is {shown(fault['input'])}"
    if fault["type"] == "extra_forbidden":
        return f"{'.'.join(where)} is not a setting; see docs/bot.md for those that are"
    return f"{'.'.join(where)}{value}; {fault['msg'].removeprefix('Value error, ')}"
