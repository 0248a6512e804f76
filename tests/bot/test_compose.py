"""What goes out behind a text, and what must not go out."""

import pytest

from deephypebot.bot.compose import blocked_word, compose, is_blocked_artist, refuse_unfit
from deephypebot.errors import InputError
from deephypebot.services.fake import FakeNetwork, FakePublisher
from deephypebot.settings import PostSettings, QueueSettings
from tests.bot.conftest import post

CREDIT = PostSettings(credit=True, label="#botwritten")


def test_credit_names_people_with_an_at_only_where_that_tells_them() -> None:
    entry = post(network="bluesky", author="ann.test")
    assert compose("Text.", "bluesky", entry, CREDIT) == "Text. (via @ann.test) #botwritten"
    assert compose("Text.", "mastodon", entry, CREDIT) == "Text. (via ann.test) #botwritten"
    assert compose("Text.", "x", entry, CREDIT) == "Text. (via ann) #botwritten"
    assert compose("Text. #botwritten", "x", entry, PostSettings(label="#botwritten")) == "Text. #botwritten"


def test_who_asked_is_not_credited() -> None:
    assert compose("Text.", "bluesky", post(network="bluesky", asks_us=True), PostSettings(credit=True)) == "Text."


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("A Damn fine tune", "damn"),
        ("dam, nice", None),
        ("so-called “hate  speech”", "hate speech"),
        ("whatever", None),
    ],
)
def test_blocked_words_are_found_whole(text: str, word: str | None) -> None:
    assert blocked_word(text, ("damn", "hate speech", "")) == word


def test_blocked_artists_go_by_name() -> None:
    assert is_blocked_artist("the  JAY Z", ("Jay-Z",))
    assert not is_blocked_artist("Jay", ("Jay-Z",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ", "text is empty"),
        ("x" * 501, "501 characters; allowed on console are at most 500"),
        ("right \u202e left", "without control characters"),
        ("a Slur here", "blocked_words blocks"),
    ],
)
def test_an_unfit_text_is_refused(tmp_path, text: str, message: str) -> None:  # type: ignore[no-untyped-def]
    publisher = FakePublisher(FakeNetwork(tmp_path / "n.db"), "console")
    with pytest.raises(InputError, match=message):
        refuse_unfit(text, QueueSettings(blocked_words=("slur",)), publisher)
