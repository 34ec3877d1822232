"""All classes that a body can become, by chapter. Says which there are, and nothing of what they hold."""

from __future__ import annotations

from typing import Final, NamedTuple

from wecom_auto.callbacks import _acquisition as acquisition
from wecom_auto.callbacks import _app as app
from wecom_auto.callbacks import _approval_flows as approval_flows
from wecom_auto.callbacks import _approvals as approvals
from wecom_auto.callbacks import _calendars as calendars
from wecom_auto.callbacks import _cards as cards
from wecom_auto.callbacks import _chains as chains
from wecom_auto.callbacks import _contacts as contacts
from wecom_auto.callbacks import _customer_contact as customer_contact
from wecom_auto.callbacks import _documents as documents
from wecom_auto.callbacks import _drive as drive
from wecom_auto.callbacks import _jobs as jobs
from wecom_auto.callbacks import _living as living
from wecom_auto.callbacks import _mail as mail
from wecom_auto.callbacks import _meetings as meetings
from wecom_auto.callbacks import _menu as menu
from wecom_auto.callbacks import _messages as messages
from wecom_auto.callbacks import _school as school
from wecom_auto.callbacks import _services as services
from wecom_auto.callbacks import _suite_orders as suite_orders
from wecom_auto.callbacks import _suites as suites
from wecom_auto.callbacks._event import KnownEvent

__all__ = ["CHAPTERS", "EVENT_TYPES", "Chapter"]


class Chapter(NamedTuple):
    """Classes of events under one heading.

    Args:
        title: For people, with the Chinese term.
        receivers: Which apps get them.
        types: The classes.
    """

    title: str
    receivers: str
    types: tuple[type[KnownEvent], ...]


CHAPTERS: Final[tuple[Chapter, ...]] = (
    Chapter(
        "Customers, customer groups and tags (客户联系)",
        "apps that may call customer contact and have the switch on; provider-built apps; suites, on the command URL",
        customer_contact.EVENTS,
    ),
    Chapter(
        "Acquisition links (获客助手)",
        "the app that made the link; provider-built apps; suites, on the command URL",
        acquisition.EVENTS,
    ),
    Chapter(
        "Messages of members (接收消息)",
        "the app that a member writes to, of every kind",
        messages.EVENTS,
    ),
    Chapter(
        "The menu of an app (菜单)",
        "the app itself, of every kind",
        menu.EVENTS,
    ),
    Chapter(
        "Cards (模板卡片)",
        "the app that sent the card",
        cards.EVENTS,
    ),
    Chapter(
        "The app itself (应用)",
        "the app itself",
        app.EVENTS,
    ),
    Chapter(
        "Long jobs (异步任务)",
        "the app that started the job",
        jobs.EVENTS,
    ),
    Chapter(
        "Members, departments and contact tags (通讯录)",
        "the contact-sync helper, provider-built apps, apps that an upstream corp shares; suites, on the command URL",
        contacts.EVENTS,
    ),
    Chapter(
        "Chains of corps (上下游)",
        "the system app of chains; for corps that join, change or leave, self-built apps that may call chains",
        chains.EVENTS,
    ),
    Chapter(
        "Customer service, archive and data zone (微信客服, 会话内容存档, 数据专区)",
        "apps that may call customer service; the archive app; the app that works with the data zone",
        services.EVENTS,
    ),
    Chapter(
        "Approval flows of an app (审批流程引擎)",
        "the app that started the flow",
        approval_flows.EVENTS,
    ),
    Chapter(
        "Approvals (审批)",
        "self-built apps that may call approvals; provider-built apps; suites, on the command URL",
        approvals.EVENTS,
    ),
    Chapter(
        "Calendars, schedules and meeting rooms (日程, 会议室)",
        "the app that made the calendar; apps that may call meeting rooms",
        calendars.EVENTS,
    ),
    Chapter(
        "Meetings (会议)",
        "the app that made the meeting",
        meetings.EVENTS,
    ),
    Chapter(
        "Live sessions (直播)",
        "the app that made the session",
        living.EVENTS,
    ),
    Chapter(
        "Documents, forms and smart sheets (文档, 收集表, 智能表格)",
        "the app that made them",
        documents.EVENTS,
    ),
    Chapter(
        "Drive (微盘)",
        "apps that may call the drive",
        drive.EVENTS,
    ),
    Chapter(
        "Mail (邮件)",
        "apps with a mailbox, or that may call the public mailbox",
        mail.EVENTS,
    ),
    Chapter(
        "Schools (家校通讯录)",
        "apps that may call home-school communication; suites, on the command URL",
        school.EVENTS,
    ),
    Chapter(
        "Suites and their grants (授权)",
        "third-party apps and apps built by a provider, on the command URL",
        suites.EVENTS,
    ),
    Chapter(
        "Licences and orders of a provider (接口调用许可, 收银台)",
        "providers: licences on the system event URL, paid apps on the command URL of the suite",
        suite_orders.EVENTS,
    ),
)
"""Every chapter."""

EVENT_TYPES: Final[tuple[type[KnownEvent], ...]] = tuple(cls for chapter in CHAPTERS for cls in chapter.types)
"""Every class that a body can become, besides `UnknownEvent`."""
