"""Topics of a toy corpus about kitchens and ships: found, measured, kept, shown, wished for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.decomposition import LatentDirichletAllocation

from deephypebot.cli import main
from deephypebot.corpus.fit_topics import coherence, count_words, fit_topics
from deephypebot.corpus.topics import Topics, digamma, load_topics, words_of, write_whole
from deephypebot.corpus.topics_page import topic_map, topics_page
from deephypebot.errors import InputError
from deephypebot.model.judging.rewards import topic, topic_reward, wish_weights
from deephypebot.types import Attributes, Sentence, Wish

KITCHEN = "kettle spoon butter oven bread plate onion pepper"
SHIP = "anchor sail harbour mast deck rope tide keel"


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    dice, made = np.random.default_rng(0), []
    for i in range(300):
        theme, kind = ((KITCHEN, "description"), (SHIP, "live"))[i % 2]
        words = " and ".join(dice.choice(theme.split(), 4, replace=False))
        made.append(Sentence(f"The {words} of {{artist}}'s, {i}.", f"p{i}", Attributes(kind=kind)))
    return made


@pytest.fixture(scope="module")
def fitted(sentences: list[Sentence]) -> Topics:
    return fit_topics(sentences, 2, seed=3)


def test_topics_are_the_themes(fitted: Topics, sentences: list[Sentence]) -> None:
    assert {frozenset(fitted.top_words(k, 8)) for k in (0, 1)} == {frozenset(t.split()) for t in (KITCHEN, SHIP)}
    assert fitted.about["nmi_with_kind"] == pytest.approx(1.0)
    assert sorted(map(str, fitted.about["kinds"])) == ["{'description': 150}", "{'live': 150}"]
    assert all(len(some) == 10 for some in fitted.examples)
    again = fit_topics(sentences, 2, seed=3)
    np.testing.assert_array_equal(again.weight, fitted.weight)


def test_probs_are_those_of_scikit_learn(fitted: Topics, sentences: list[Sentence]) -> None:
    texts = [s.text for s in sentences[:20]]
    model = LatentDirichletAllocation(2, doc_topic_prior=fitted.alpha)
    model.components_, model.exp_dirichlet_component_ = fitted.weight.astype(float), fitted._expected()
    model.doc_topic_prior_, model.random_state_, model.n_features_in_ = fitted.alpha, np.random.RandomState(0), 16
    counts, words = count_words([s.text for s in sentences])
    columns = [words.index(word) for word in fitted.vocabulary if word in words]
    np.testing.assert_allclose(fitted.probs(texts), model.transform(counts[:20].tocsr()[:, columns]), atol=1e-3)
    assert fitted.probs(["", "unheard-of words"]) == pytest.approx(0.5)
    assert fitted.probs([]).shape == (0, 2)


def test_coherence_prefers_themes_to_a_mixture(fitted: Topics, sentences: list[Sentence]) -> None:
    counts, _ = count_words([s.text for s in sentences])
    mixed = fitted.weight.copy()
    mixed[:, ::2] = mixed[::-1, ::2]
    torn = Topics(mixed, fitted.vocabulary, fitted.alpha, fitted.examples, {})
    assert coherence(fitted, counts) > coherence(torn, counts) + 0.2


def test_words_leave_out_slots_numbers_and_what_is_not() -> None:
    assert words_of("{artist}'s 808s don't hit; {title} is the band's x at 1:50") == ["hit", "is", "the", "band", "at"]


def test_digamma_is_the_slope_of_log_gamma() -> None:
    assert digamma(np.array([1.0, 0.5])) == pytest.approx([-0.5772156649, -1.9635100260], abs=1e-8)
    assert digamma(100.0) == pytest.approx(4.6001618527, abs=1e-9)


def test_the_file_holds_all(fitted: Topics, tmp_path: Path) -> None:
    write_whole(tmp_path / "deep" / "t.safetensors", fitted.to_bytes())
    read = load_topics(tmp_path / "deep" / "t.safetensors")
    assert (read.vocabulary, read.examples, read.about) == (fitted.vocabulary, fitted.examples, fitted.about)
    np.testing.assert_array_equal(read.probs([f"the {KITCHEN}"]), fitted.probs([f"the {KITCHEN}"]))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["t.safetensors"]


def test_the_shipped_topics_are_of_the_built_in_corpus() -> None:
    topics = load_topics()
    assert topics.about["sentences"] > 20_000
    assert topics.probs(["The guitar smears a chord over the snare drum."]).sum() == pytest.approx(1)


@pytest.mark.parametrize("number", [0, 1, 51, True, 2.5])
def test_a_bad_number_of_topics_is_refused(sentences: list[Sentence], number: object) -> None:
    with pytest.raises(InputError, match=r"topics is .*; allowed is a whole number from 2 to 50"):
        fit_topics(sentences, number)  # type: ignore[arg-type]


@pytest.mark.parametrize("texts", [[], ["", "{artist}"], ["the and of"] * 5, ["every word once only"]])
def test_too_few_words_are_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match="0 words that stand in several of them"):
        fit_topics([Sentence(text, "p") for text in texts], 2)


@pytest.mark.parametrize("k", [-1, 2, True, "1"])
def test_a_topic_that_does_not_exist_is_refused(fitted: Topics, k: object) -> None:
    with pytest.raises(InputError, match=r"topic is .*; allowed is a whole number from 0 to 1"):
        topic(fitted, {k: 1.0})  # type: ignore[dict-item]


def test_files_that_cannot_be_used_are_refused(fitted: Topics, tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    with pytest.raises(InputError, match="there is no such file"):
        load_topics(path)
    path.write_bytes(fitted.to_bytes()[:-5])
    with pytest.raises(InputError, match="cannot be used"):
        load_topics(path)
    texts = json.dumps({"vocabulary": ["a"], "examples": [[], []], "about": {}, "alpha": 0.1})
    for other, weight, wrong in (
        ({"format": "x"}, np.ones((2, 1), np.float32), "format is 'x'"),
        ({}, np.zeros((2, 1), np.float32), "not above 0"),
        ({}, np.ones((2, 3), np.float32), "words do not fit"),
        ({}, np.ones((3, 1), np.float32), "examples do not fit"),
        ({}, np.ones(3, np.float32), "no table"),
    ):
        save_file({"weight": weight}, path, {"format": "deephypebot-topics-1", "texts": texts, **other})
        with pytest.raises(InputError, match=wrong):
            load_topics(path)


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "file" / "t.safetensors", b"new")
    assert (tmp_path / "file").read_text() == "old"


def test_the_map_keeps_distances() -> None:
    places = topic_map(np.array([[0.9, 0.05, 0.05], [0.88, 0.07, 0.05], [0.05, 0.05, 0.9]]))
    near, far = np.linalg.norm(places[0] - places[1]), np.linalg.norm(places[0] - places[2])
    assert places.shape == (3, 2)
    assert near * 5 < far


def test_the_page_keeps_hostile_text_as_text(fitted: Topics) -> None:
    hostile = Topics(fitted.weight, fitted.vocabulary, 0.1, (("</script><script>alert(1)",), ()), fitted.about)
    page = topics_page([hostile], "<b>Mine & yours")
    assert page.count("</script>") == 1
    assert "<title>&lt;b&gt;Mine &amp; yours</title>" in page
    found = re.search(r"const models = (\[.*\]), at =", page)
    assert found
    (model,) = json.loads(found.group(1))
    assert model["examples"][0] == ["</script><script>alert(1)"]
    assert len(model["probs"]) == len(model["places"]) == model["number"] == 2


def test_fit_and_show_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = f"{KITCHEN} {SHIP} lamp chair table door window floor stair roof".split()
    texts = [f"The {a} and the {b}." for a in both for b in both]
    (tmp_path / "mine.txt").write_text("\n".join(texts), encoding="utf-8")
    asked = ["topics", "fit", "--text", str(tmp_path / "mine.txt"), "--topics", "2..3", "--out", str(tmp_path / "out")]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "2 topics: coherence (NPMI)" in said
    assert "kinds are not known" in said
    assert re.search(r"best by coherence: .*topics-[23].safetensors", said)
    files = sorted(str(path) for path in (tmp_path / "out").iterdir())
    assert main(["topics", "show", *files]) == 0
    assert capsys.readouterr().out in said
    assert main(["topics", "show", *files, "--html", str(tmp_path / "page.html")]) == 0
    assert "Topics of topics-2.safetensors, topics-3.safetensors" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (["fit", "--topics", "8..2"], "--topics"),
        (["fit", "--topics", "1..3"], "from 2 to 50"),
        (["fit", "--topics", "x"], "'x' is given"),
        (["show", "nowhere.safetensors"], "no such file"),
        (["fit", "--out", __file__], "is a file; allowed is a folder"),
    ],
)
def test_bad_input_on_the_command_line(asked: list[str], wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", *asked]) == 2
    assert wrong in capsys.readouterr().err


def test_a_wish_for_topics_is_a_reward(fitted: Topics, tmp_path: Path) -> None:
    write_whole(tmp_path / "t.safetensors", fitted.to_bytes())
    k = int(fitted.probs([f"the {SHIP}"])[0].argmax())
    wish = Wish((), topics=((k, 1.0), (1 - k, -0.5)), topic_file=tmp_path / "t.safetensors")
    value = topic_reward(wish)["topics"]([f"the {SHIP}", f"the {KITCHEN}", ""], [Attributes()] * 3)
    assert value[0] > 0.9
    assert value[1] < 0.35
    assert value[2] == pytest.approx(0.625)
    assert wish_weights(wish) == {"topics": 1.0}
    assert topic_reward(Wish()) == {}
    with pytest.raises(InputError, match="weight of topic 0 is 2; allowed is a number from -1 to 1"):
        Wish(topics=((0, 2),))
    with pytest.raises(InputError, match="topic is 7"):
        topic_reward(Wish(topics=((7, 1.0),), topic_file=tmp_path / "t.safetensors"))
