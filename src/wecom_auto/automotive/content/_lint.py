"""Look at a whole library before anybody sends it, with the SOP linter's own rules. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wecom_auto.automotive.content._library import OWNER, Category, ContentLibrary, LibraryItem
from wecom_auto.sop._lint._findings import finding
from wecom_auto.sop._lint._words import text_words
from wecom_auto.sop.check import Finding, Rules


def lint(library: ContentLibrary, *, today: date, rules: Rules | None = None) -> tuple[Finding, ...]:
    """Find prices, personal data, content for owners that prospects may get, and what has expired or is not approved.

    The codes are those of `wecom_auto.sop.check`; `check` finds what a step does with a content.

    Args:
        library: All of it.
        today: The day from which validity is judged.
        rules: `dealer_priced` for networks whose dealers set the prices, which is what is assumed unless given;
            `approved` from `Approvals.approved`; `variables` from the runner's settings.
    """
    known = rules or Rules(dealer_priced=True)
    return tuple(one for item in library.items.values() for one in _item(item, today, known))


def _item(item: LibraryItem, today: date, rules: Rules) -> Iterator[Finding]:
    place = f"content {item.name!r}"
    for text in dict.fromkeys((item.content.text, *item.content.template_texts())):
        yield from text_words(place, text, rules) if text else ()
    others = sorted(set(item.content.audience) - {OWNER})
    if item.category is Category.OWNER_RIGHTS and (others or not item.content.audience):
        problem = f"{item.category.value} is for owners, and {', '.join(others) or 'everybody'} may get it"
        yield finding("SOP026", place, problem, f'write audience = ["{OWNER}"]')
    if not item.content.is_valid_on(today):
        problem = f"it was valid until {item.content.valid_until}"
        yield finding("SOP027", place, problem, "extend it and have it approved again, or remove it")
    if rules.approved is not None and item.name not in rules.approved:
        yield finding("SOP033", place, "it is not approved as it stands", "have it approved")
