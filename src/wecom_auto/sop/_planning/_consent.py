"""Whether somebody has agreed to what a SOP sends. What is unknown is no consent."""

from __future__ import annotations

from wecom_auto.sop.conditions import Facts
from wecom_auto.sop.definition import Definition


def lacks_consent(definition: Definition, facts: Facts) -> bool:
    """Whether the SOP asks for a consent that is not there: only an attribute that is true counts."""
    attribute = definition.policy.consent_attribute
    return bool(attribute) and facts.attribute(attribute) is not True
