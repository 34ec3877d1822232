"""The platform in a box, for your tests and for ours. Not the platform: `FakeWeCom` says what it leaves out.

`FakeWeCom` is the corp; everything else here is a snapshot it returns, a dial it takes, or a warning it raises.
pytest is imported by `wecom_auto.testing.pytest_plugin` only.
"""

from __future__ import annotations

from wecom_auto.testing._clock import VirtualClock
from wecom_auto.testing._fake import FakeWeCom
from wecom_auto.testing._faults import Fault, FaultOptions
from wecom_auto.testing._finance_sdk import FakeFinanceSdk
from wecom_auto.testing._records import (
    FakeAttempt,
    FakeCustomer,
    FakeDelivery,
    FakeFollow,
    FakeGroup,
    FakeMember,
    FakeMessage,
    FakeRecipient,
    FakeSaid,
    FakeTag,
    FakeTask,
    RecordedCall,
    UrlCheck,
)
from wecom_auto.testing._records_more import FakeGreeting, FakeNotice, FakeParent
from wecom_auto.testing._scenes_moments import FakeMomentTask
from wecom_auto.testing._scenes_transfers import FakeTransfer
from wecom_auto.testing._settings import Limits, RateRule, Settings
from wecom_auto.testing._transport import FakeTransport
from wecom_auto.testing._warnings import FakeWarning, UnknownFieldWarning, UnknownPathWarning

__all__ = [
    "FakeAttempt",
    "FakeCustomer",
    "FakeDelivery",
    "FakeFinanceSdk",
    "FakeFollow",
    "FakeGreeting",
    "FakeGroup",
    "FakeMember",
    "FakeMessage",
    "FakeMomentTask",
    "FakeNotice",
    "FakeParent",
    "FakeRecipient",
    "FakeSaid",
    "FakeTag",
    "FakeTask",
    "FakeTransfer",
    "FakeTransport",
    "FakeWarning",
    "FakeWeCom",
    "Fault",
    "FaultOptions",
    "Limits",
    "RateRule",
    "RecordedCall",
    "Settings",
    "UnknownFieldWarning",
    "UnknownPathWarning",
    "UrlCheck",
    "VirtualClock",
]
