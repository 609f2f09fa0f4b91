"""Secrets that stand in an agent's file: each is warned of, and none is repeated."""

from consumers.agent.in_clear import in_clear
from tests.consumers.agent.services import SESAME, loaded

PROXY = {"proxy": "http://proxy.example:3128"}


def warned(target, **more):
    """What is said of a file with one target, in which no secret is."""
    said = list(in_clear(loaded("https://www.example.org/", target, **more).file))
    assert SESAME not in str(said)
    return said


def test_a_password_of_a_proxy_in_the_file_is_warned_of_whosever_it_is():
    login = {"proxy_login": f"constat:{SESAME}"}

    (of_agent,) = warned({"url": "http://acme.example/"}, **PROXY, **login)
    (of_target,) = warned({"url": "http://acme.example/"} | PROXY | login)

    assert of_agent.startswith("the agent: its proxy_login holds a password")
    assert of_target.startswith("acme-1: its proxy_login holds a password")


def test_what_names_a_variable_is_no_secret():
    environment = {"TOKEN": SESAME, "PASSWORD": SESAME}
    target = {"url": "http://acme.example/", "headers": {"Authorization": "Bearer ${TOKEN}"}}

    assert warned(target, **PROXY, proxy_login="constat:${PASSWORD}", environment=environment) == []
