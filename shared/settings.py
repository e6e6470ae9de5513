"""What a service process is told from outside, read once from the environment (`LEADOPS_*`)."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class WrongSetting(ValueError):
    """A setting that can't be used. The text names it, never what it holds."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LEADOPS_", frozen=True, hide_input_in_errors=True)

    kafka: str = "127.0.0.1:9092"
    mongo: str = "mongodb://127.0.0.1:27017/?directConnection=true"
    database_prefix: str = "leadops_"
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    instance: int = 0
    token: str = ""
    """The bearer token of the read API; empty refuses every request but
    health checks and metrics."""
    secret: str = ""
    """Keys the pseudonyms of persons, and what services tell each other. Changing it makes every
    known person a stranger, and what is under way between services a dead letter."""
    affiliate_days_back: int = 30
    """How far back an affiliate may date what it submits; earlier is refused."""
    trusted_sources: frozenset[str] = frozenset()
    """A JSON list of `ce_source`s whose dates are believed, whoever asks."""
    door_host: str = "127.0.0.1"
    door_port: int = 0
    """Where others bring what needs no token of ours, for a service that has such doors. Behind a
    proxy, `FORWARDED_ALLOW_IPS` names it, or all callers count as one."""
    door_calls_per_minute: int = 1200
    """Of one caller; more are told to come again."""
    clock_file: Path | None = None
    """Where the local stack keeps its virtual clock; without it the machine's clock is used."""
    otlp_endpoint: str = ""
    """Where the collector of traces is; if not said, the SDK's own `OTEL_EXPORTER_OTLP_ENDPOINT`
    holds."""
    webhook_secret: str = ""
    """Signs what is sent to customers' endpoints (`whsec_` and base64). While it is being changed
    it holds two, the newer one first, parted by a blank."""
    webhook_secrets: dict[str, str] = {}
    """By the name that a campaign gives; what has no secret of its own is signed with the one."""
    webhook_private_targets: bool = False
    """Whether webhooks may go to private, local and reserved addresses, as on one machine."""
    token_folder: Path | None = None
    """Holds a file for each token that a request to somebody's API may name; read for each attempt,
    so a token is changed by changing its file."""
    smtp_host: str = ""
    """The mail server that takes mails to customers; without one no mail is sent."""
    smtp_port: int = 25
    smtp_sender: str = ""
    """The envelope's sender, which gets what comes back."""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool | None = None
    """Whether TLS is a must. If not said: where there is a user, and else if the server can."""
    drop_folder: Path | None = None
    """Below it lie the folders of customers who take files; without it no file is written."""
    session_timeout_ms: int = 10_000
    batch_size_max: int = 500
    batch_timeout_ms: int = 10
    log_level: str = "info"
