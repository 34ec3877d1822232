"""One module per chapter of the platform's manual: endpoints as methods that return a `Call`. No HTTP here.

Reach them through a client (``wecom.customers.get(…)``), or through `wecom_auto.Calls` for requests as values.
"""

from __future__ import annotations
