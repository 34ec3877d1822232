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
        "branch:taken": ("按分支跳转", "the branch goes on with a later step"),
        "branch:none": ("无分支成立，按顺序继续", "no case of the branch holds, the next step follows"),
        "skipped:branch": ("分支未经过该步骤，跳过", "the branch passes this step by"),
        "skipped:condition": ("条件不成立，跳过", "the guard is false"),
        "skipped:unknown": ("条件所需信息缺失，跳过", "a fact that the guard needs is missing"),
        "skipped:late": ("已超过最晚时间，不再补发", "too late, not sent after the fact"),
        "skipped:before_entry": ("进入时该步骤已过期", "its time had passed before the customer came in"),
        "skipped:no_such_date": ("日期超出可计算范围，跳过", "its date is beyond what the calendar has"),
        "skipped:timeout": ("等待超时，跳过", "the wait reached its maximum"),
        "skipped:missed": ("日期已过，整批跳过", "the date passed while nothing ran, and every step is too late"),
        "skipped:holdout": ("对照组，不发送", "in the holdout group, gets nothing on purpose"),
        "blocked:not_friend": ("客户已不是好友", "the customer is no longer a friend of the member"),
        "blocked:dismissed": ("群已解散", "the group was dissolved"),
        "blocked:owner_left": (
            "群主已离职，待继承",
            "the owner has left, and nobody has inherited the group",
        ),
        "blocked:no_group": ("群不存在或尚未同步", "the group is not known: it was never read, or has no owner"),
        "blocked:frozen": ("群已冻结（如投诉中），停止所有流程", "the group is frozen, every SOP in it stops"),
        "blocked:member_left": ("员工已离职", "the member has left the corp"),
        "blocked:no_consent": ("客户未授权营销", "no consent for marketing"),
        "dropped:cap": ("超过群发次数上限", "the customer's message allowance is used up"),
        "dropped:fatigue": ("超过触达频次上限", "too many touches already"),
        "dropped:ended": ("流程已结束，不再执行", "the run ended before this step"),
        "expired:unconfirmed": ("员工未在期限内确认", "the member did not confirm in time"),
        "expired:window": ("已错过允许时段", "its window has passed"),
        "cancelled:frozen": ("群已冻结，已取消未发送任务", "withdrawn, because a group in it was frozen"),
        "again:frozen": ("同批有群被冻结，重新发起", "asked for again without the group that was frozen"),
        "reassigned:left": ("员工已离职，已转交", "the member left, handed over"),
        "moved:anchor": ("基准日期已变更，重新排期", "its anchor changed, planned again"),
        "moved:version": ("已改用新版本，重新排期", "went on in the new version of the SOP"),
        "dropped:version": ("新版本已无此步骤", "the new version has no such step"),
        "deferred:fatigue": ("触达过于密集，顺延", "too soon after another touch, waits"),
        "deferred:paused": ("流程已暂停", "the SOP is paused"),
        "skipped:duplicate": ("已有相同触达，跳过", "the same touch exists already"),
        "skipped:no_code": ("没有欢迎语凭证", "the platform gave no welcome code"),
        "dropped:empty": ("没有可发送的客户", "nobody is left to send to"),
        "expired:code": ("欢迎语凭证已过期", "the welcome code has expired"),
        "expired:task": ("任务超时未完成", "the task was not done in time"),
        "failed:content": ("内容缺失或不合规", "the content is missing or broken"),
        "expired:content": ("内容已过有效期", "the content is past its last day"),
        "blocked:audience": ("内容不适用于该流程", "the content is not meant for this kind of SOP"),
        "blocked:media": ("素材已失效，将重新上传", "a file had expired at the platform and is uploaded again"),
        "held:unknown": ("结果不明，等待人工确认", "the outcome is unknown, a person decides"),
        "cancelled:paused": ("流程暂停，已取消未发送任务", "cancelled with the pause of the SOP"),
        "entry:transferred": ("继承的客户，不进入流程", "a transferred customer is no new one"),
        "entry:condition": ("不符合进入条件", "the entry condition is false"),
        "entry:reentry": ("不满足再次进入规则", "the re-entry rule keeps the customer out"),
        "entry:no_anchor": ("缺少基准日期", "the anchor has no date"),
        "entry:no_such_date": (
            "基准日期超出可计算范围（如 9999-12-31）",
            "the anchor is no date to count from, such as 9999-12-31 for never",
        ),
        "entry:ended": ("流程已被终止，不再进入", "the SOP has ended and lets nobody in any more"),
        "entry:refused": ("不能进入流程", "not let in"),
        "entered": ("已进入流程", "entered the SOP"),
        "planned": ("已排期", "planned"),
        "batched": ("已并入群发批次", "put into a batch"),
        "requested": ("已发起（群发任务或人工任务）", "asked for: a mass message, or a task of the member"),
        "created": ("已创建群发任务，等待员工确认", "the task exists and waits for the member's tap"),
        "reminded": ("已提醒员工", "the member was reminded"),
        "followed_up": ("已跟进", "followed up"),
        "done": ("已完成", "done"),
        "left:member": ("员工已离职，未执行", "the member has left before it was done"),
        "ended:sop": ("流程已被终止", "the SOP was ended"),
        "ended:superseded": ("已由新的流程取代", "a newer run has taken its place"),
        "blocked:configuration": ("配置有误，未发送", "the set-up is wrong, nothing was sent"),
        "blocked:lease": ("处理权已转移，未发送", "another worker has taken over, nothing was sent"),
        "failed:invalid": ("请求不合规，未发送", "the request breaks a limit, nothing was sent"),
        "failed:refused": ("平台拒绝向该客户发送", "the platform refuses this recipient"),
        "failed:not_sent": ("群主已确认，但该群未发出", "the owner confirmed, but nothing was sent to this group"),
        "failed:unknown_tag": ("标签不存在", "there is no tag of this name"),
        "unknown:crashed": ("进程中断，结果不明，待核对", "the worker died, the platform's list will tell"),
        "unknown:fault": ("处理出错，结果不明，待核对", "an error at the request, the platform's list will tell"),
        "unknown:job": (
            "创建任务已过期，结果不明，待核对",
            "the job is too old to ask, the list will tell",
        ),
        "job:running": ("朋友圈任务创建中", "the platform is still making the moment"),
        "unknown:welcome": ("欢迎语结果不明", "nobody knows whether the welcome went out; it is not repeated"),
        "rejected:task": ("员工说明无法完成", "the member says that it cannot be done"),
        "held:nobody": ("无人可指派，等待人工处理", "nobody can be asked, a person decides"),
        "escalated:task": ("已上报主管", "the supervisor was told"),
        "reassigned:absent": ("员工休假，已转交", "the member is away, handed over"),
        "reassigned:overdue": ("逾期，已转交", "overdue, handed over"),
        "reassigned:by_hand": ("已人工转交", "handed over by hand"),
        "reassigned:unconfirmed": ("员工未确认，改由其他跟进人发送", "not confirmed, another follower is asked"),
        "deferred:absent": ("员工休假，顺延", "waits for a member who is away"),
        "failed:unknown_webhook": ("没有这个回调接口", "there is no webhook of this name"),
        "deferred:fault": ("处理出错，稍后重试", "an error got in the way, tried again later"),
        "alert:fault": ("处理出错，请排查", "an error in data or code: this waits, everything else goes on"),
        "alert:held_task": ("任务无人可指派", "a task has nobody to do it"),
        "alert:notice": ("应用消息未能送达", "an application message could not be sent"),
        "alert:rejected": ("员工任务被退回", "a staff task was rejected"),
        "alert:duplicate": ("发现重复任务，已取消较晚的一个", "a second task was found and withdrawn"),
        "alert:suspect": (
            "发现疑似重复任务，请人工核对",
            "a task looks like a second one of ours; a person should look",
        ),
        "alert:cap": ("有客户因群发次数上限未收到消息", "customers went without a message because of their allowance"),
        "dropped:conflict": ("与其他流程冲突，已放弃", "another SOP had the customer's day"),
        "dropped:ceiling": (
            "超过员工当日确认上限，已放弃",
            "the member had too many taps that day, and tomorrow is late",
        ),
        "deferred:ceiling": ("超过员工当日确认上限，顺延", "the member has enough taps today, waits"),
        "deferred:concurrency": ("客户正在优先级更高的流程中，等待", "the customer is in a SOP that goes first, waits"),
        "deferred:merge": ("等待与当天另一条消息合并", "waits for the message of today that it may share"),
        "deferred:cap": ("当期群发次数已满，顺延到下一期", "the allowance is full, waits for the next period"),
        "deferred:transfer": ("客户交接中，暂不发送", "the customer is being handed over, waits"),
        "merged": ("已与其他流程的消息合并", "shares one message with another SOP"),
        "entry:concurrency": ("客户已在其他流程中", "the customer is in another SOP that goes first"),
        "exit:no_consent": ("客户撤回授权，退出流程", "consent was withdrawn"),
        "cancelled:transfer": ("客户已交接，取消未发送任务", "withdrawn with the transfer of the customer"),
        "reassigned:transfer": ("客户已交接给其他员工", "handed over to another member"),
        "paused:transfer": ("客户交接，流程暂停", "paused with the transfer of the customer"),
        "ended:transfer": ("客户交接，流程结束", "ended with the transfer of the customer"),
        "alert:overdue": ("员工任务逾期", "a staff task is overdue"),
        "alert:unconfirmed": ("员工仍未确认群发", "a member has not confirmed a mass message"),
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
        "reassigned": ("已转交", "handed over"),
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
