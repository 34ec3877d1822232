"""Reason codes and their sentences in Chinese and English. Decides nothing.

A code is `kind:detail`. Codes are data that users query ("why did Mr Li not get it?"), so they are never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Language = Literal["zh", "en"]

REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "due": ("到期执行", "due now"),
        "sent": ("已发送", "sent"),
        "moved:holiday": ("遇节假日，已改期", "moved off a day that the calendar closes"),
        "moved:spread": ("节后分散发送，已改期", "spread over the days after a holiday"),
        "deferred:window": ("不在允许时段，顺延到下一时段", "outside the window, waits for the next opening"),
        "deferred:waiting": ("等待条件成立", "waits for its condition"),
        "skipped:condition": ("条件不成立，跳过", "the guard is false"),
        "skipped:unknown": ("条件所需信息缺失，跳过", "a fact that the guard needs is missing"),
        "skipped:late": ("已超过最晚时间，不再补发", "too late, not sent after the fact"),
        "skipped:before_entry": ("进入时该步骤已过期", "its time had passed before the customer came in"),
        "skipped:timeout": ("等待超时，跳过", "the wait reached its maximum"),
        "skipped:holdout": ("对照组，不发送", "in the holdout group, gets nothing on purpose"),
        "blocked:not_friend": ("客户已不是好友", "the customer is no longer a friend of the member"),
        "blocked:no_consent": ("客户未授权营销", "no consent for marketing"),
        "dropped:cap": ("超过群发次数上限", "the customer's message allowance is used up"),
        "dropped:fatigue": ("超过触达频次上限", "too many touches already"),
        "dropped:ended": ("流程已结束，不再执行", "the run ended before this step"),
        "expired:unconfirmed": ("员工未在期限内确认", "the member did not confirm in time"),
        "expired:window": ("已错过允许时段", "its window has passed"),
        "reassigned:left": ("员工已离职，已转交", "the member left, handed over"),
        "moved:anchor": ("基准日期已变更，重新排期", "its anchor changed, planned again"),
        "deferred:fatigue": ("触达过于密集，顺延", "too soon after another touch, waits"),
        "deferred:paused": ("流程已暂停", "the SOP is paused"),
        "skipped:duplicate": ("已有相同触达，跳过", "the same touch exists already"),
        "skipped:no_code": ("没有欢迎语凭证", "the platform gave no welcome code"),
        "dropped:empty": ("没有可发送的客户", "nobody is left to send to"),
        "expired:code": ("欢迎语凭证已过期", "the welcome code has expired"),
        "expired:task": ("任务超时未完成", "the task was not done in time"),
        "failed:content": ("内容缺失或不合规", "the content is missing or broken"),
        "held:unknown": ("结果不明，等待人工确认", "the outcome is unknown, a person decides"),
        "cancelled:paused": ("流程暂停，已取消未发送任务", "cancelled with the pause of the SOP"),
        "entry:transferred": ("继承的客户，不进入流程", "a transferred customer is no new one"),
        "exit:goal": ("目标达成，退出流程", "the goal was reached"),
        "exit:condition": ("满足退出条件，退出流程", "an exit condition became true"),
        "end:step": ("流程按步骤结束", "a step ended the run"),
        "end:completed": ("全部步骤已处理，流程结束", "every step was dealt with"),
    }
)
"""Every code of this version, as `(Chinese, English)`."""

_KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "alert": ("需要关注", "needs attention"),
        "blocked": ("被阻止", "blocked"),
        "cancelled": ("已取消", "cancelled"),
        "deferred": ("顺延", "waits"),
        "dropped": ("已放弃", "dropped"),
        "expired": ("已过期", "expired"),
        "failed": ("失败", "failed"),
        "skipped": ("跳过", "skipped"),
        "unknown": ("结果不明", "unknown outcome"),
    }
)


def reason_text(code: str, lang: Language = "zh") -> str:
    """The sentence for a code.

    Args:
        code: For example `skipped:late`. A detail that is not known here, such as an errcode, is shown in brackets;
            a code of another kind is returned as it is.
        lang: `zh` or `en`.
    """
    column = 0 if lang == "zh" else 1
    if code in REASONS:
        return REASONS[code][column]
    kind, _, detail = code.partition(":")
    return f"{_KINDS[kind][column]} ({detail})" if kind in _KINDS and detail else code
