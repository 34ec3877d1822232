"""Errors tell the person on duty what happened and what to do, and never show a secret."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto import errors
from wecom_auto._errcodes import split_errmsg
from wecom_auto._redact import redact
from wecom_auto.errors import Applied, ErrorKind, RetryRule, api_error, error_code, error_table

TAIL = (
    ", hint: [1700000000_12_abc], from ip: 9.30.0.138, more info at https://open.work.weixin.qq.com/devtool/query?e=1"
)
CALL = "POST externalcontact/batch/get_by_user"


def test_table_is_complete():
    """Every code of the platform's global table, its archive library and its crypto libraries is known."""
    namespaces = [namespace for namespace, _ in error_table()]
    assert {name: namespaces.count(name) for name in set(namespaces)} == {"api": 1251, "archive": 12, "callback": 11}


def test_every_code_has_a_remedy_in_words():
    """Whoever reads an error at night finds a sentence about what to do, whatever the code."""
    assert [entry.code for entry in error_table().values() if len(entry.remedy) < len("Nothing to do.")] == []
    assert [entry.code for entry in error_table().values() if not (entry.name and entry.meaning and entry.zh)] == []


@pytest.mark.parametrize("code", [40001, 48002, 60020, 84074, 60111, 301002, 40096, 50003, 45031, 60021])
def test_codes_that_an_administrator_cures_say_where(code):
    """Where only the administrator can help, the remedy names the page of the admin console."""
    assert "admin console" in error_code(code).remedy or "→" in error_code(code).remedy


def test_unknown_codes_are_generic():
    """A code that the platform invents tomorrow is neither a crash nor taken as harmless."""
    entry = error_code(99_999_999)
    assert (entry.known, entry.retry, entry.applied) == (False, RetryRule.NO, Applied.UNKNOWN)
    assert type(api_error(99_999_999, "new thing")) is errors.APIError


@given(st.integers(-(2**31), 2**31 - 1), st.text())
def test_any_answer_makes_an_error(code, errmsg):
    """No number and no text of the platform breaks the making of the error itself."""
    error = api_error(code, errmsg, call=CALL)
    assert str(code) in str(error)
    assert CALL in str(error)


def test_same_number_of_the_archive_library_is_another_code():
    """A number is looked up where it was said: 10001 of the archive library is not an API code."""
    assert error_code(10001, namespace="archive").known
    assert not error_code(10001).known


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (40001, errors.AuthenticationError),
        (42001, errors.AuthenticationError),
        (48002, errors.PermissionDeniedError),
        (60020, errors.PermissionDeniedError),
        (40058, errors.InvalidRequestError),
        (48005, errors.InvalidRequestError),
        (84061, errors.NotFoundError),
        (41051, errors.ConflictError),
        (45009, errors.RateLimitError),
        (45033, errors.RateLimitError),
        (41045, errors.QuotaExceededError),
        (-1, errors.ServerBusyError),
        (41063, errors.ServerBusyError),
        (701008, errors.LicenseError),
    ],
)
def test_class_follows_the_kind(code, cls):
    """The class of an error is the one that the table's kind names."""
    assert type(api_error(code)) is cls


def test_every_kind_of_failure_has_a_class():
    """No code of the table raises the bare base, except the kinds that say nothing."""
    codes = [entry for (namespace, _), entry in error_table().items() if namespace == "api"]
    assert {entry.kind for entry in codes if type(api_error(entry.code)) is errors.APIError} == {
        ErrorKind.OTHER,
        ErrorKind.OK,
    }


def test_message_says_call_attempts_and_remedy():
    """The text alone is enough to act on: code, words of the platform, call, attempts, what to do."""
    error = api_error(45009, "api freq out of limit" + TAIL, call=CALL, attempts=3)
    start = f"45009 api freq out of limit ({CALL}, 3 attempts); try again in 60 s."
    assert str(error).startswith(start)
    assert error.remedy in str(error)


def test_hint_and_ip_are_kept_beside_the_message():
    """The support hint and the caller's address are attributes; the message does not repeat the tail."""
    error = api_error(42001, "access_token expired" + TAIL)
    assert (error.hint, error.from_ip) == ("1700000000_12_abc", "9.30.0.138")
    assert "more info" not in str(error)
    assert "hint" not in str(error)


def test_untrusted_ip_names_the_ip():
    """Who must add an address to a list is told the address."""
    assert "9.30.0.138" in str(api_error(60020, "not allow to access from your ip" + TAIL))


def test_an_empty_errmsg_takes_the_words_of_the_table():
    """Without a text of the platform the table's name stands in."""
    assert "call frequency limit reached" in str(api_error(45009))


@pytest.mark.parametrize(("code", "seconds"), [(45009, 60), (45033, 1), (41094, 86_400)])
def test_rate_limits_say_how_long(code, seconds):
    """The wait follows the window of the code."""
    error = api_error(code)
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after == seconds


def test_a_known_wait_wins_over_the_usual_one():
    """Who knows the window better passes it on."""
    error = api_error(45009, retry_after=3600)
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after == 3600
    assert "3600 s" in str(error)


EXAMPLES = [
    errors.WeComError("x"),
    errors.ConfigurationError("no secret"),
    errors.ValidationError("state", "31 characters", "at most 30 characters", "shorten it"),
    errors.APIConnectionError("reset", call=CALL, attempts=2, applied=Applied.NO),
    errors.APITimeoutError("slow", call=CALL),
    errors.ServerError("HTML", call=CALL, http_status=502),
    errors.DecodeError("expected int, found str", path="a[2].b", call=CALL),
    errors.PagingError("cursor repeats"),
    errors.JobTimeoutError("job1", waited_seconds=60, what="the moment"),
    errors.SignatureError("not signed"),
    errors.DecryptionError("damaged"),
    errors.CallbackError("no Encrypt"),
    api_error(40001, "invalid credential", call=CALL),
    api_error(45009, "api freq out of limit" + TAIL, call=CALL, attempts=3, retry_after=7),
    api_error(-1, "system busy", call=CALL, http_status=200),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids=["pickle", "copy"])  # noqa: S301
def test_errors_cross_process_borders_whole(error, copied):
    """An error that is pickled or copied keeps its class, its text and its evidence."""
    twin = copied(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert twin.__dict__ == error.__dict__


def test_every_public_class_has_an_example_here():
    """A new exception class joins the pickling test."""
    classes = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    shown = {base for error in EXAMPLES for base in type(error).__mro__}
    api = {cls for cls in classes if issubclass(cls, errors.APIError)}
    assert classes - shown - api == set()


def test_a_broken_limit_is_a_value_error():
    """Callers who know no WeCom catch a ValueError."""
    with pytest.raises(ValueError, match="state: got 31 characters, accepted: at most 30 characters; shorten it"):
        raise EXAMPLES[2]


@pytest.mark.parametrize(
    ("applied", "words"), [(Applied.NO, "did not"), (Applied.YES, "do not repeat"), (Applied.UNKNOWN, "may have")]
)
def test_a_lost_answer_says_whether_it_may_have_happened(applied, words):
    """Before repeating a send one must know whether it may have happened."""
    assert words in str(errors.APIConnectionError("reset", call=CALL, applied=applied))


SECRETS = [
    "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=ww1&corpsecret=s3cr3t-value",
    "https://qyapi.weixin.qq.com/cgi-bin/user/get?access_token=s3cr3t-value&userid=a",
    "?suite_access_token=s3cr3t-value",
    "?provider_access_token=s3cr3t-value",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=s3cr3t-value",
    '{"access_token": "s3cr3t-value", "expires_in": 7200}',
    "{'corpsecret': 's3cr3t-value'}",
    "WeCom(corp_id='ww1', secret='s3cr3t-value')",
    "u=https%3A%2F%2Fx%3Faccess_token%3Ds3cr3t-value",
    "ACCESS_TOKEN=s3cr3t-value",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_masked(text):
    """A secret is masked in URLs, JSON and reprs, and the rest of the text stays."""
    masked = redact(text)
    assert "s3cr3t" not in masked
    assert "***" in masked
    assert redact(masked) == masked


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize(
    "make",
    [
        lambda text: api_error(40001, text),
        errors.ConfigurationError,
        errors.APIConnectionError,
        errors.ServerError,
        lambda text: errors.ValidationError("a", text, "b"),
    ],
)
def test_no_exception_shows_a_secret(make, text):
    """Neither the text, the repr nor an attribute of an exception shows a secret."""
    error = make(text)
    assert "s3cr3t" not in f"{error} {error!r} {error.__dict__}"


@pytest.mark.parametrize(
    "number",
    ["13800138000", "138-0013-8000", "138 0013 8000", "+8613800138000", "+86 138 0013 8000", "１３８００１３８０００"],
)
def test_mobile_numbers_are_masked(number):
    """A mainland mobile number is masked in every way people write it."""
    masked = redact(f"电话{number}，请回电")
    assert number not in masked
    assert "0013" not in masked
    assert masked.startswith("电话")
    assert masked.endswith("，请回电")


@pytest.mark.parametrize(
    "text",
    [
        "corpid=ww0123456789abcdef",
        "msgid 1700000000123456789",
        "at 1700000000",
        "key: value in prose",
        "monkey=banana",
        "external_userid wmAAAA",
        "EncodingAESKey has 42 characters, 43 are needed",
        "",
    ],
)
def test_harmless_text_stays(text):
    """What is no secret stays readable: ids, times, plain words."""
    assert redact(text) == text


@given(st.text())
def test_masking_twice_changes_nothing_more(text):
    """Texts pass several layers; masking must be stable."""
    once = redact(text)
    assert redact(once) == once


def test_split_of_errmsg():
    """What the platform says, the hint and the address come apart; a plain text stays whole."""
    assert split_errmsg("invalid userid" + TAIL) == ("invalid userid", "1700000000_12_abc", "9.30.0.138")
    assert split_errmsg("ok") == ("ok", "", "")


def test_table_is_read_on_the_first_error_only():
    """Importing the errors does not read the table: start-up stays fast for those who meet no error."""
    script = (
        "from wecom_auto import errors\n"
        "assert errors.error_table.cache_info().currsize == 0\n"
        "errors.api_error(-1)\n"
        "assert errors.error_table.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
