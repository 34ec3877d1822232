"""The network (渠道网络) of a car maker: regions, dealers, stores, members and their roles, from a file.

It knows no lead and no customer, and it calls nobody.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.network._files import parse_network, read_network
from wecom_auto.automotive.network._network import Dealer, Member, Network, Region, Store
from wecom_auto.automotive.network._roles import Role, shipped_roles

__all__ = [
    "Dealer",
    "Member",
    "Network",
    "Region",
    "Role",
    "Store",
    "parse_network",
    "read_network",
    "shipped_roles",
]

publish(globals(), __all__, __name__)
