"""What a checker must know: results in both colours, calls without a client, iterators, mistakes. Never run."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import assert_type

from wecom_auto import AsyncPages, AsyncWeCom, Call, Calls, Page, Pages, Response, WeCom
from wecom_auto.callbacks import CustomerAdded, CustomerEdited, Event, EventRouter
from wecom_auto.models import AddWay, ContactWayCreated, CustomerDetail, FollowedCustomer, MassMessageCreated, TagGroup


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


async def awaitables(wecom: AsyncWeCom) -> None:
    """An asynchronous client returns awaitables of the same results."""
    assert_type(wecom.customers.get("wm1"), Awaitable[CustomerDetail])
    assert_type(await wecom.customers.get("wm1"), CustomerDetail)
    assert_type(await wecom.tags.list(), tuple[TagGroup, ...])
    assert_type((await wecom.send(Calls().customers.get("wm1"))).data, CustomerDetail)


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

    @router.on(CustomerAdded)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    def wrong(event: int) -> None: ...

    assert_type((added, either, anything, showroom, wrong).__len__(), int)
