"""Where customers come from: channel, campaign, store, advisor and lead, packed into the platform's `state`.

The platform carries 30 characters from a code to the customer who scans it; everything that a dealer asks about a
channel has to come out of them again, years later and after the code itself was deleted.
It refuses to guess: a text that this corp's registry did not make is foreign, never half understood.
"""

from __future__ import annotations

from wecom_auto.automotive.channels._channels import Channels
from wecom_auto.automotive.channels._codec import Origin, Packed, StateError, decode, encode, encode_long
from wecom_auto.automotive.channels._source import AddCount, Attribution, Source, SourceKind, SourceName

__all__ = [
    "AddCount",
    "Attribution",
    "Channels",
    "Origin",
    "Packed",
    "Source",
    "SourceKind",
    "SourceName",
    "StateError",
    "decode",
    "encode",
    "encode_long",
]
