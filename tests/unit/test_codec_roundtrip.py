"""Whatever a model holds survives the way to the wire and back."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit._models import MODELS, values_of

from wecom_auto import _codec
from wecom_auto._model import Model


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_model_survives_json(kind: type[Model], data: st.DataObject) -> None:
    """Encoding to JSON text and decoding again gives an equal value, unknown fields and enum values included."""
    value = data.draw(values_of(kind))
    text = json.dumps(_codec.encode(value), ensure_ascii=False)
    assert _codec.decode(kind, json.loads(text)) == value


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_model_is_a_value(kind: type[Model], data: st.DataObject) -> None:
    """A model can be hashed, compared, pickled and copied; what was decoded is as good as what was built."""
    value = data.draw(values_of(kind))
    decoded: Any = _codec.decode(kind, _codec.encode(value))
    assert hash(decoded) == hash(value)
    assert pickle.loads(pickle.dumps(decoded)) == value  # noqa: S301  # our own bytes
    assert copy.deepcopy(decoded) == value
    assert not hasattr(decoded, "__dict__")
