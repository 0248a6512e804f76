import codecs
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deephypebot.corpus.builtin import split_builtin
from deephypebot.errors import BackboneError
from deephypebot.model.judging.deepmoji import BATCH, COLD, EMOJI, MAX_TOKENS, SIGNS, WARM, DeepMoji, tokens
from deephypebot.model.judging.sentiment import NEUTRAL, Sentiment, Vader, load_sentiment

WARM_TEXTS = [
    "A lovely, joyful song: the choir laughs all the way home.",
    "{artist} sings with such warmth that I smile every time.",
    "The best chorus of the year, and a happy one.",
]
COLD_TEXTS = [
    "A miserable, boring song that nobody will miss.",
    "{artist} sounds bitter and angry, and the ending is a disaster.",
    "I hate this tired riff.",
]
VOCABULARY = {
    "CUSTOM_MASK": 0,
    "CUSTOM_UNKNOWN": 1,
    "CUSTOM_NUMBER": 2,
    "lovely": 3,
    "dreary": 4,
    "notes": 5,
    "don't": 6,
}
MEANS = {3: "heart", 4: "rage", 5: "notes"}


@pytest.fixture(scope="module")
def vader() -> Vader:
    return Vader()


def toy_graph(
    width: int = len(EMOJI),
    words: int = len(VOCABULARY),
    softmax: bool = True,
    outputs: int = 1,
    batch: int | str = "B",
) -> onnx.ModelProto:
    """ids -> an emoji for each word of MEANS -> mean over the 30 places -> softmax"""
    table = np.zeros((words, width), np.float32)
    for number, emoji in MEANS.items():
        table[number, EMOJI.index(emoji)] = 300.0  # 10 for one word of 30: nearly all of the probability
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["looked_up"]),
        helper.make_node("ReduceMean", ["looked_up", "axes"], ["mean"], keepdims=0),
        helper.make_node("Softmax" if softmax else "Identity", ["mean"], ["emoji"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [batch, MAX_TOKENS])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, width])
            for name in ["emoji", "mean"][:outputs]
        ],
        [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1], np.int64), "axes")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def write_folder(folder: Path, vocabulary: Any = VOCABULARY, **graph: Any) -> Path:
    folder.mkdir(exist_ok=True)
    onnx.save(toy_graph(**graph), folder / "deepmoji.onnx")
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def deepmoji(tmp_path_factory: pytest.TempPathFactory) -> DeepMoji:
    return DeepMoji(write_folder(tmp_path_factory.mktemp("deepmoji")))


@pytest.fixture(params=["vader", "deepmoji"])
def sentiment(request: pytest.FixtureRequest) -> Sentiment:
    found: Sentiment = request.getfixturevalue(request.param)
    return found


def test_scores_are_one_a_text_within_bounds(sentiment: Sentiment) -> None:
    scores = sentiment([*WARM_TEXTS, *COLD_TEXTS, "lovely " * 500, "hate! " * 500, "\N{FIRE}", "\x00"])
    assert scores.shape == (10,)
    assert scores.dtype == np.float32
    assert (np.abs(scores) <= 1).all()


def test_nothing_to_read(sentiment: Sentiment) -> None:
    assert sentiment([]).shape == (0,)
    assert sentiment(["", "  ", "{artist}'s {title}", "{artist}’s"]).tolist() == [0, 0, 0, 0]


def test_slots_and_their_possessives_do_not_matter(sentiment: Sentiment) -> None:
    assert sentiment(["{artist}'s lovely hate {title}"]) == sentiment(["lovely hate"])
    assert sentiment(["Not {title}’s lovely song"]) == sentiment(["Not lovely song"])


def test_vader_tells_warm_from_cold(vader: Vader) -> None:
    assert vader.name == "vader lexicon"
    assert min(vader(WARM_TEXTS)) > 0.3
    assert max(vader(COLD_TEXTS)) < -0.3


def test_vader_reads_either_apostrophe(vader: Vader) -> None:
    straight, curly = vader(["I don't love it", "I don’t love it"])
    assert straight == curly < 0


@pytest.mark.parametrize("word", NEUTRAL)
def test_words_of_playing_are_no_mood(vader: Vader, word: str) -> None:
    assert vader([f"The drums {word} a train."]) == 0


def test_vader_goes_with_the_valence_of_held_out_songs(vader: Vader) -> None:
    split = split_builtin()
    sentences = [*split.valid, *split.test]
    valence = [sentence.attributes.valence or 0.0 for sentence in sentences]
    assert np.corrcoef(vader([sentence.text for sentence in sentences]), valence)[0, 1] > 0.15


def test_vader_bears_the_deprecation_of_codecs_open(monkeypatch: pytest.MonkeyPatch) -> None:
    before = codecs.open

    def deprecated(*args: Any, **kwargs: Any) -> Any:
        warnings.warn("codecs.open() is deprecated. Use open() instead.", DeprecationWarning, stacklevel=2)
        return before(*args, **kwargs)

    monkeypatch.setattr(codecs, "open", deprecated)
    assert Vader()(["happy"]) > 0


def test_the_64_emoji_have_signs() -> None:
    assert len(EMOJI) == len(set(EMOJI)) == 64
    assert [EMOJI[i] for i in (0, 8, 32, 63)] == ["joy", "heart", "rage", "sparkles"]
    assert set(EMOJI) >= WARM | COLD
    assert not WARM & COLD
    assert [SIGNS[EMOJI.index(name)] for name in ("heart", "rage", "notes")] == [1, -1, 0]


def test_tokens_of_deepmoji() -> None:
    assert tokens("Half-lit, DON’T {artist}'s stop!! 808 _naïve_") == [
        *["half-lit", ",", "don't", "stop", "!!"],
        *["CUSTOM_NUMBER", "_", "naïve", "_"],
    ]
    assert tokens("...?!") == ["...", "?", "!"]
    assert tokens("custom_mask custom_unknown") == ["custom", "_", "mask", "custom", "_", "unknown"]
    assert tokens("a " * 40) == ["a"] * MAX_TOKENS


def test_deepmoji_pads_and_knows_its_words(deepmoji: DeepMoji) -> None:
    (ids,) = deepmoji._ids([tokens("Lovely, don’t 12 lovely")])
    assert ids.tolist() == [3, 1, 6, 2, 3, *[0] * (MAX_TOKENS - 5)]


def test_deepmoji_scores_by_the_sign_of_the_emoji(deepmoji: DeepMoji) -> None:
    assert deepmoji.name == "deepmoji"
    lovely, dreary, notes, both = deepmoji(["LOVELY!", "dreary.", "notes", "lovely dreary"])
    assert lovely > 0.99
    assert dreary < -0.99
    assert abs(notes) < 0.01
    assert abs(both) < 0.01


def test_deepmoji_reads_unknown_words_as_one(deepmoji: DeepMoji) -> None:
    even = SIGNS.mean()  # the toy knows nothing of unknown words: every emoji is as likely
    assert deepmoji(["zither", "harpsichord and lute"]) == pytest.approx([even, even])


def test_deepmoji_reads_30_tokens(deepmoji: DeepMoji) -> None:
    at_30, at_31 = deepmoji(["so " * 29 + "dreary", "so " * 30 + "dreary"])
    assert at_30 < -0.99
    assert at_31 == pytest.approx(SIGNS.mean())


def test_deepmoji_keeps_the_order_over_batches(deepmoji: DeepMoji) -> None:
    scores = deepmoji(["lovely", "dreary", ""] * BATCH)
    assert np.sign(scores).tolist() == [1, -1, 0] * BATCH


def test_load_sentiment(tmp_path: Path) -> None:
    assert isinstance(load_sentiment(None), Vader)
    loaded = load_sentiment(write_folder(tmp_path))
    assert isinstance(loaded, DeepMoji)
    assert loaded(["lovely"]) > 0.99


@pytest.mark.parametrize(
    ("graph", "why"),
    [
        ({"width": 63 + 2}, r"gives \(2, 65\) for 2 texts"),
        ({"softmax": False}, "no probabilities"),
        ({"outputs": 2}, "1 inputs and 2 outputs"),
        ({"words": 6}, "fails on ids 1 and 6 of vocabulary.json"),
        ({"batch": 1}, "fails on ids"),
    ],
)
def test_a_graph_of_another_kind_is_refused(tmp_path: Path, graph: dict[str, Any], why: str) -> None:
    with pytest.raises(BackboneError, match=rf"deepmoji\.onnx .*{why}.*; allowed is one input int64 \(B, 30\)"):
        load_sentiment(write_folder(tmp_path, **graph))


@pytest.mark.parametrize(
    ("vocabulary", "why"),
    [
        ([1, 2], r"is \[1, 2\]"),
        ({}, r"is \{\}"),
        ({"lovely": 1}, r"is \{'lovely': 1\}"),
        ({"CUSTOM_UNKNOWN": 2}, r"is \{'CUSTOM_UNKNOWN': 2\}"),
        ({**VOCABULARY, "lovely": "3"}, "'lovely' is '3'"),
        ({**VOCABULARY, "lovely": 3.0}, "'lovely' is 3.0"),
        ({**VOCABULARY, "lovely": True}, "'lovely' is True"),
        ({**VOCABULARY, "lovely": -1}, "'lovely' is -1"),
    ],
)
def test_a_vocabulary_of_another_kind_is_refused(tmp_path: Path, vocabulary: Any, why: str) -> None:
    with pytest.raises(BackboneError, match=rf"vocabulary\.json:? {why}; allowed is a JSON object of words to ids"):
        load_sentiment(write_folder(tmp_path, vocabulary))


def test_an_id_past_all_integers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match="fails on ids"):
        load_sentiment(write_folder(tmp_path, {**VOCABULARY, "lovely": 2**70}))


@pytest.mark.parametrize("name", ["deepmoji.onnx", "vocabulary.json"])
@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (Path.unlink, "is missing|cannot be read"),
        (lambda path: path.write_bytes(b"\xff\x00 nothing of use"), "cannot be read"),
        (lambda path: path.write_bytes(b""), "cannot be read|fails|has 0 inputs"),
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "cannot be read"),
    ],
)
def test_a_missing_or_broken_file_is_named(tmp_path: Path, name: str, harm: Callable[[Path], object], why: str) -> None:
    harm(write_folder(tmp_path) / name)
    with pytest.raises(BackboneError, match=rf"{name} ({why}).*; allowed is"):
        load_sentiment(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match=r"nowhere.*vocabulary\.json cannot be read"):
        load_sentiment(tmp_path / "nowhere")
