"""What a checker must know: results in both colours, calls without a client, iterators, mistakes. Never run."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import assert_type

from sqlalchemy.engine import Engine

from wecom_auto import (
    AsyncPages,
    AsyncWalk,
    AsyncWeCom,
    BulkFailure,
    BulkResult,
    Call,
    Calls,
    Found,
    Page,
    Pages,
    Progress,
    Response,
    Walk,
    WeCom,
    WeComError,
)
from wecom_auto.archive import (
    AgreementSource,
    ArchiveKeys,
    ArchiveReader,
    ArchiveSource,
    FinanceSdk,
    NativeArchive,
    NativeFinanceSdk,
    NoArchive,
    PlatformAgreements,
    StoredUtterance,
    ZoneArchive,
)
from wecom_auto.callbacks import CustomerAdded, CustomerEdited, Deadline, Event, EventRouter
from wecom_auto.models import (
    AddWay,
    ArchiveAgreement,
    ContactWayCreated,
    CustomerDetail,
    FollowedCustomer,
    GroupChat,
    MassMessageCreated,
    Mobile,
    MobileMatches,
    MomentCreated,
    TagChange,
    TagGroup,
    UpgradedId,
)
from wecom_auto.testing import FakeWeCom


def results(wecom: WeCom) -> None:
    """A synchronous client returns results."""
    assert_type(wecom.customers.get("wm1"), CustomerDetail)
    assert_type(wecom.customers.list("zhangsan"), tuple[str, ...])
    assert_type(wecom.tags.list(), tuple[TagGroup, ...])
    assert_type(wecom.tags.mark("zhangsan", "wm1", add=["et1"]), None)
    assert_type(wecom.contact_ways.create(users=["zhangsan"], state="bj01"), ContactWayCreated)
    assert_type(wecom.mass_messages.create(sender="zhangsan", text="早上好"), MassMessageCreated)
    assert_type(wecom.send(Calls().customers.get("wm1")), Response[CustomerDetail])
    assert_type(wecom.customers.get("wm1").follows[0].add_way, AddWay)
    assert_type(wecom.moments.create(text="早上好"), str)
    assert_type(wecom.moments.create_and_wait(text="早上好"), MomentCreated)


def archives(wecom: WeCom, engine: Engine, fake: FakeWeCom) -> None:
    """Each archive is a source, the vendor's library and what plays it are one interface."""
    real: FinanceSdk = NativeFinanceSdk("lib.so", "ww1", "secret")
    played: FinanceSdk = fake.finance_sdk()
    sources: list[ArchiveSource] = [
        NoArchive(),
        ZoneArchive(client=wecom, program_id="p", ability_id="a"),
        *(NativeArchive(sdk=sdk, keys=ArchiveKeys({})) for sdk in (real, played)),
    ]
    asking: AgreementSource = PlatformAgreements(wecom)
    reader = ArchiveReader(engine, "ww1", sources[0], agreements=asking)
    assert_type(reader.said(), tuple[StoredUtterance, ...])
    assert_type(wecom.archive.list_agreements([("anna", "wm1")]), tuple[ArchiveAgreement, ...])
    assert_type(wecom.data_zone.call_program("p", ability_id="a"), str)


async def awaitables(wecom: AsyncWeCom) -> None:
    """An asynchronous client returns awaitables of the same results."""
    assert_type(wecom.customers.get("wm1"), Awaitable[CustomerDetail])
    assert_type(await wecom.customers.get("wm1"), CustomerDetail)
    assert_type(await wecom.archive.list_users(), tuple[str, ...])
    assert_type(await wecom.tags.list(), tuple[TagGroup, ...])
    assert_type(await wecom.moments.wait("job1"), MomentCreated)
    assert_type((await wecom.send(Calls().customers.get("wm1"))).data, CustomerDetail)


def bulk(wecom: WeCom) -> None:
    """Operations on many say what became of each, and what the answers are."""
    assert_type(wecom.ids.to_openid_many(["wm1"]), BulkResult[str, str])
    assert_type(wecom.ids.from_unionid("o1"), str | None)
    assert_type(wecom.ids.from_unionid_many(["o1"]), BulkResult[str, str | None])
    assert_type(wecom.ids.upgrade_many(["wm1"]), BulkResult[str, tuple[UpgradedId, ...]])
    assert_type(wecom.school.find_by_mobile_many(["1"]), BulkResult[Mobile, MobileMatches])


def iterators(wecom: WeCom) -> None:
    """Paged endpoints iterate over typed items, and over pages."""
    assert_type(wecom.customers.iter_by_user(["zhangsan"]), Pages[FollowedCustomer])
    for customer in wecom.customers.iter_by_user(["zhangsan"]):
        assert_type(customer, FollowedCustomer)
    for page in wecom.customers.iter_by_user(["zhangsan"]).pages():
        assert_type(page, Page[FollowedCustomer])


async def asynchronous_iterators(wecom: AsyncWeCom) -> None:
    """And so they do for ``async for``."""
    assert_type(wecom.customers.iter_by_user(["zhangsan"]), AsyncPages[FollowedCustomer])
    async for customer in wecom.customers.iter_by_user(["zhangsan"]):
        assert_type(customer, FollowedCustomer)


def many(wecom: WeCom, changes: list[TagChange], progress: list[Progress]) -> None:
    """Bulk results know their items and answers, walks their items."""
    result = wecom.tags.mark_many(changes, concurrency=5, progress=progress.append)
    assert_type(result, BulkResult[TagChange, None])
    assert_type(result.again, tuple[TagChange, ...])
    assert_type(result.failed, tuple[BulkFailure[TagChange], ...])
    assert_type(result.failed[0].error, WeComError)
    chosen = [Calls().customers.get("wm1")]
    assert_type(wecom.send_all(chosen), BulkResult[Call[CustomerDetail], CustomerDetail])
    assert_type(wecom.customers.iter_all(), Walk[FollowedCustomer])
    for customer in wecom.customers.iter_all(concurrency=20):
        assert_type(customer, FollowedCustomer)
    for batch in wecom.groups.iter_details(resume="x").batches():
        assert_type(batch, Found[GroupChat])
        assert_type(batch.failed, tuple[BulkFailure[str], ...])
    wecom.customers.iter_all("zhangsan")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    wecom.tags.mark_many([5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def many_at_once(wecom: AsyncWeCom, changes: list[TagChange]) -> None:
    """And so do they for ``async for`` and ``await``."""
    assert_type(await wecom.tags.mark_many(changes), BulkResult[TagChange, None])
    assert_type(await wecom.send_all([Calls().customers.list("u")]), BulkResult[Call[tuple[str, ...]], tuple[str, ...]])
    assert_type(wecom.customers.iter_all(), AsyncWalk[FollowedCustomer])
    async for group in wecom.groups.iter_details():
        assert_type(group, GroupChat)
    async for batch in wecom.customers.iter_all().batches():
        assert_type(batch.items, tuple[FollowedCustomer, ...])


def calls() -> None:
    """Without a client a method returns the call itself."""
    assert_type(Calls().customers.get("wm1"), Call[CustomerDetail])
    assert_type(Calls().customers.iter_by_user(["zhangsan"]), Call[Page[FollowedCustomer]])


def mistakes(wecom: WeCom) -> None:
    """Each line is an error; an ignore that is not needed is one too."""
    wecom.customers.get(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    wecom.customers.get()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    wecom.customers.get("wm1", curser="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    wecom.customers.get("wm1").nmae  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018


def handlers(router: EventRouter) -> None:
    """A handler's argument is known from the event, or events, it is registered for."""

    @router.on(CustomerAdded)
    def added(event: CustomerAdded) -> None:
        assert_type(event.external_userid, str)

    @router.on(CustomerAdded, CustomerEdited)
    def either(event: CustomerAdded | CustomerEdited) -> None:
        assert_type(event.userid, str)

    @router.on(Event)
    async def anything(event: Event) -> None:
        assert_type(event, Event)

    @router.on(CustomerAdded, where=lambda event: event.state.startswith("showroom-"))
    def showroom(event: CustomerAdded) -> None:
        assert_type(event.state, str)

    @router.on(CustomerAdded, urgent=True)
    def greet(event: CustomerAdded, deadline: Deadline) -> None:
        assert_type(deadline.left, float)

    @router.on(CustomerAdded, CustomerEdited, urgent=timedelta(minutes=1))
    async def soon(event: CustomerAdded | CustomerEdited) -> None:
        assert_type(event.userid, str)

    @router.on(CustomerAdded)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    def wrong(event: int) -> None: ...

    assert_type((added, either, anything, showroom, greet, soon, wrong).__len__(), int)
