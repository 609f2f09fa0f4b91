"""The file of an agent: what it may say, what is said of a mistake, and the plan that follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.agent.file import AgentFile, read_agent_file
from consumers.agent.planning import is_as, offset_ms, planned
from ledger import plans
from ledger.errors import BadInputError
from tests.strategies import names

HEAD = 'agent = "paris-1"\nplace = "Paris"\nreferences = ["https://www.example.org/"]\n'
PROD = '[[target]]\nplatform = "acme-prod"\nurl = "https://acme.example/"\n'


def read(tmp_path, text, **environment):
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return read_agent_file(path, environment)


def of(platforms, **more):
    targets = [{"platform": name, "kind": "http", "url": "http://acme.example/"} for name in platforms]
    head = {"agent": "paris-1", "place": "Paris", "references": ["tcp://192.0.2.1:443"]}
    return AgentFile.model_validate(head | {"target": targets} | more)


def test_a_file_names_an_agent_and_what_it_probes(tmp_path):
    file = read(tmp_path, HEAD + PROD).file

    assert (file.agent, file.period_ms, str(file.outbox_path)) == ("paris-1", 60_000, "paris-1.outbox.db")
    assert [(each.platform, each.kind, each.status) for each in file.target] == [
        ("acme-prod", "http", (200,))
    ]


def test_a_header_is_completed_by_the_environment(tmp_path):
    loaded = read(tmp_path, HEAD + PROD + 'headers = {Authorization = "Bearer ${TOKEN}"}\n', TOKEN="sesame\n")

    assert loaded.headers["acme-prod"] == {"Authorization": "Bearer sesame"}
    assert "sesame" not in repr(loaded.file)


@pytest.mark.parametrize("value", ["ses\name", "ses\r\nHost: me", "ses\x00ame"])
def test_what_cannot_stand_in_a_header_is_refused_before_a_platform_is_called_down_for_it(tmp_path, value):
    with pytest.raises(
        BadInputError, match="TOKEN, which the headers of acme-prod need, is more than"
    ) as told:
        read(tmp_path, HEAD + PROD + 'headers = {Authorization = "Bearer ${TOKEN}"}\n', TOKEN=value)

    assert "ses" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("agent =", "is no TOML"),
        (HEAD, "target: is missing; write it"),
        (HEAD + PROD + "colour = 1\n", r"target 1 \(acme-prod\)\.colour: is no key of this part of an agent's file"),
        (HEAD + PROD + 'method = "BREW"\n', r"target 1 \(acme-prod\)\.method: is none that is known; write 'GET'"),
        (HEAD + PROD + PROD, "acme-prod is named by two targets"),
        (HEAD + PROD.replace("acme-prod", "Acme (Prod)"), r"target 1 \(Acme \(Prod\)\)\.platform: .*Acme-Prod"),
        (HEAD + PROD.replace("https", "ftp"), r"url: is no address of HTTP; write https://host/path"),
        (HEAD + PROD.replace("https://", "https://sesame@"), "url: holds a user; write a header"),
        (HEAD + PROD + "timeout_ms = 30000\n", "two tries of 30,000 ms and a look at the references do not fit into a round of 60,000 ms"),
        (HEAD + PROD + 'json_path = "status"\n', r"json_path: is no JSON path \(.*\); write one as \$\.status"),
        (HEAD + PROD + 'headers = {A = "${NOBODY}"}\n', "the headers of acme-prod need NOBODY, which the environment does not say"),
        (HEAD.replace("https://www", "ldap://www") + PROD, "references: number 1 is no reference; write https://host"),
        (HEAD.replace("https://", "https://user:sesame@") + PROD, "number 1 is no reference; .*without a user"),
        (HEAD.replace("https://www.example.org/", "tcp://user:sesame@192.0.2.1:443") + PROD, "number 1 is no reference"),
        (HEAD.replace("https://www.example.org/", "tcp://192.0.2.1") + PROD, "number 1 is no reference"),
        (HEAD.replace("www.example.org", "[bad") + PROD, "number 1 is no reference"),
        (HEAD + PROD.replace("acme.example", "acme.example:99999"), "url: is no address of HTTP; write https://host/path"),
        (HEAD + PROD.replace("acme.example", "[bad"), "url: is no address of HTTP; write https://host/path"),
        (HEAD.replace('["https://www.example.org/"]', "[]") + PROD, "references: is empty; write at least one"),
        ('proxy = "http://me:sesame@proxy.example:1"\n' + HEAD + PROD, "proxy: is no proxy; write http://host:port"),
        ('proxy = "https://proxy.example"\n' + HEAD + PROD, "proxy: is no proxy"),
        ('proxy = ""\n' + HEAD + PROD, "proxy: is no proxy"),
        (HEAD + PROD + 'proxy = "socks5://proxy.example"\n', r"target 1 \(acme-prod\)\.proxy.*: is no proxy"),
        ('proxy_login = "me:sesame"\n' + HEAD + PROD, "a proxy_login stands beside no proxy"),
        ('proxy = "http://proxy.example"\n' + HEAD + PROD + "certificate_days = 3\n", "acme-prod: certificate_days is looked at without a proxy"),
        ('proxy = "http://proxy.example"\n' + HEAD.replace("https://www.example.org/", "tcp://192.0.2.1:1") + PROD, "asked by a proxy and no reference can be"),
        (HEAD + PROD.replace("url", 'kind = "icmp"\nurl'), r"target 1 \(acme-prod\)\.kind: is none that is known; write http, tcp, tls or dns"),
        (HEAD + PROD + 'json_equals = "up"\n', r"target 1 \(acme-prod\): json_equals stands without json_path"),
        (HEAD + PROD.replace("https", "http") + "certificate_days = 3\n", r"target 1 \(acme-prod\): certificate_days is of the certificate of https://"),
        ('period_seconds = "5"\n' + HEAD + PROD, "period_seconds: is to be a whole number, without quotes"),
        ("period_seconds = 5.0\n" + HEAD + PROD, "period_seconds: is to be a whole number"),
        ("period_seconds = 0\n" + HEAD + PROD, "period_seconds: is too little; write 1 or more"),
        ("period_seconds = 7200\n" + HEAD + PROD, "period_seconds: is too much; write 3,600 or less"),
        ("ca_file = 1\n" + HEAD + PROD, "ca_file: is to be the name of a file"),
        (HEAD.replace('["https://www.example.org/"]', '"https://www.example.org/"') + PROD, "references: is to be a list; write it in brackets"),
        (HEAD.replace('["https://www.example.org/"]', "[7]") + PROD, "references.0: is to be a text; write it in quotes"),
        (HEAD + PROD + 'redirects = "5"\n', r"\.redirects: is to be a whole number"),
        (HEAD + PROD + "redirects = true\n", r"\.redirects: is to be a whole number"),
        (HEAD + PROD + "status = 200\n", r"\.status: is to be a list"),
        (HEAD + PROD + "status = []\n", r"\.status: is empty; write at least one"),
        (HEAD + PROD + "status = [99]\n", r"\.status\.0: is too little; write 100 or more"),
        (HEAD + PROD + 'headers = "X"\n', r"\.headers: is to be a table"),
        (HEAD + PROD + "proxy = true\n", r"\.proxy: is to be an address in quotes, as http://host:port, or false"),
        (HEAD + PROD + "json_path = '$.a'\njson_equals = 1.5\n", r"\.json_equals: is to be a text in quotes, a whole number"),
        (HEAD + PROD.replace("[[target]]", "[target]"), r"target: is to be a list of tables; write \[\[target\]\]"),
        ('target = ["x"]\n' + HEAD, r"target 1: is to be a table; write \[\[target\]\] above its keys"),
        (HEAD + '[[target]]\nplatform = "db"\nkind = "tcp"\nhost = "a b"\nport = 1\n', r"target 1 \(db\)\.host: holds what it cannot"),
        (HEAD + '[[target]]\nplatform = "db"\nkind = "tcp"\nhost = ""\nport = 99999\n', r"(?s)\.host: is empty.*\.port: is too much; write 65,535 or less"),
        (HEAD + '[[target]]\nplatform = "db"\nkind = "dns"\nname = "db"\nserver = "ns1"\n', r"\.server: is no address; write one of numbers"),
        ("target = []\n" + HEAD, "target: is empty; write at least one"),
        (HEAD + PROD + "timeout_ms = 700\ndegraded_after_ms = 900\n", r"  acme-prod: no answer can be slow, for after 700 ms \(timeout_ms\) it is none any more"),
        (HEAD + PROD + "degraded_after_ms = 10000\n", "acme-prod: .*degraded_after_ms is 10,000; make degraded_after_ms shorter, or timeout_ms longer"),
        ("degraded_after_ms = 700\n" + HEAD + PROD + "timeout_ms = 700\n", "acme-prod: no answer can be slow"),
        ("timeout_ms = 900\n" + HEAD + PROD + "degraded_after_ms = 1000\n", "acme-prod: no answer can be slow"),
        (HEAD + PROD + 'method = "HEAD"\nbody_contains = "well"\n', r"target 1 \(acme-prod\): body_contains would be looked for in a body, and an answer to HEAD has none"),
        (HEAD + PROD + 'method = "HEAD"\njson_path = "$.a"\njson_equals = 1\n', r"target 1 \(acme-prod\): json_path would be .*write another method, or leave it out"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_key_and_what_to_do(tmp_path, text, sentence):
    with pytest.raises(BadInputError, match=sentence) as told:
        read(tmp_path, text)

    assert "sesame" not in str(told.value)
    for word in ("Input", "Tuple", "pydantic", "literal[", "validation"):
        assert word not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [HEAD + PROD + "colour = 1\n", HEAD + PROD + "status = [99]\n", HEAD.replace('"]', '", 7]') + PROD],
)
def test_one_mistake_is_told_by_one_line(tmp_path, text):
    with pytest.raises(BadInputError) as told:
        read(tmp_path, text)

    assert len(str(told.value).splitlines()) == 2


@pytest.mark.parametrize(
    "text",
    [
        "timeout_ms = 701\ndegraded_after_ms = 700\n" + HEAD + PROD,
        "degraded_after_ms = 900\n" + HEAD + PROD + "timeout_ms = 700\ndegraded_after_ms = 300\n",
        HEAD + PROD + 'method = "HEAD"\nstatus = [204]\n',
        HEAD + PROD + 'method = "POST"\nbody_contains = "well"\n',
    ],
)
def test_what_can_come_true_is_taken(tmp_path, text):
    assert read(tmp_path, text).file.target[0].platform == "acme-prod"


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInputError, match=r"none\.toml: cannot be read \(No such file or directory\)"):
        read_agent_file(tmp_path / "none.toml")


# ---------------------------------------------------------------- the plan


@given(st.lists(names, min_size=2, max_size=20, unique=True))
def test_no_other_target_moves_a_platform(platforms):
    everything, fewer = planned(of(platforms)), planned(of(reversed(platforms[1:])))

    assert set(fewer) == {each for each in everything if each.platform != platforms[0]}


@given(st.lists(names, min_size=1, max_size=20, unique=True))
def test_every_platform_has_room_for_two_tries_before_its_round_closes(platforms):
    file = of(platforms)
    offsets = [each.offset_ms for each in planned(file)]

    assert offsets == sorted(offsets)
    assert all(0 <= offset < file.period_ms - 20_000 - 6_000 for offset in offsets)


def test_platforms_lie_apart():
    offsets = [each.offset_ms for each in planned(of([f"acme-{n}" for n in range(5_000)]))]
    seconds = [sum(offset // 1000 == second for offset in offsets) for second in range(33)]

    assert min(seconds) > 100
    assert max(seconds) < 210


def test_the_offset_of_the_specification():
    file = of(["acme-prod"])

    assert offset_ms(file, file.target[0]) == 15_622


def test_a_plan_is_as_its_file_until_something_of_it_changes():
    file = of(["acme-prod", "acme-test"])
    plan = plans.set_plan(plans.INITIAL, "paris-1", planned(file), period_ms=file.period_ms)

    assert is_as(plan, of(["acme-test", "acme-prod"]))
    assert not is_as(plan, of(["acme-prod"]))
    assert not is_as(plan, of(["acme-prod", "acme-test"], period_seconds=120))
    assert not is_as(None, file)
