"""The product-album chapter (商品图册)."""

from __future__ import annotations
