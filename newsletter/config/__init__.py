"""The settings: config.toml, overridden by the environment, checked before anything runs.

``NEWSLETTER_SECTION__KEY`` overrides a key and ``NEWSLETTER_SECTION__KEY_FILE`` reads its value
from a file. Relative paths count from the folder of config.toml. A value that exists is valid;
an error names the setting and where it came from.
"""

from newsletter.config.alarms import AlarmSettings, PersonSettings, WebhookKind, WebhookSettings
from newsletter.config.canaries import CanariesSettings, CanarySettings
from newsletter.config.feedback import FeedbackSettings
from newsletter.config.gate import GateSettings
from newsletter.config.loading import find_config, load, packaged_config
from newsletter.config.mailbox import MailboxSettings
from newsletter.config.newsletters import (
    LANGUAGES,
    Language,
    NewsletterSettings,
    ScheduleSettings,
    SenderSettings,
    SourceSettings,
)
from newsletter.config.sending import PacingSettings, SendingSettings
from newsletter.config.settings import (
    DatabaseSettings,
    FetchingSettings,
    KeySettings,
    Settings,
    WebSettings,
)
from newsletter.config.staff import StaffSettings
from newsletter.config.transports import (
    DkimSettings,
    FileSettings,
    SendGridAccount,
    SendGridSettings,
    SmtpServer,
    SmtpSettings,
    TransportKind,
    TransportSettings,
)

__all__ = [
    "LANGUAGES",
    "AlarmSettings",
    "CanariesSettings",
    "CanarySettings",
    "DatabaseSettings",
    "DkimSettings",
    "FeedbackSettings",
    "FetchingSettings",
    "FileSettings",
    "GateSettings",
    "KeySettings",
    "Language",
    "MailboxSettings",
    "NewsletterSettings",
    "PacingSettings",
    "PersonSettings",
    "ScheduleSettings",
    "SendGridAccount",
    "SendGridSettings",
    "SenderSettings",
    "SendingSettings",
    "Settings",
    "SmtpServer",
    "SmtpSettings",
    "SourceSettings",
    "StaffSettings",
    "TransportKind",
    "TransportSettings",
    "WebSettings",
    "WebhookKind",
    "WebhookSettings",
    "find_config",
    "load",
    "packaged_config",
]
