import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephypebot.model import measures

SENTENCE = "The drums on {title} arrive late, and nobody at the party minds."


def test_words_drop_case_slots_and_punctuation() -> None:
    assert measures.words("{artist}'s Drums don’t stop: {title}!") == ["drums", "don't", "stop"]


def test_distinct_n_by_hand() -> None:
    assert measures.distinct_n(["a b a b"], 1) == 0.5
    assert measures.distinct_n(["a b a b"], 2) == pytest.approx(2 / 3)
    assert measures.distinct_n(["one"], 2) == 0.0


def test_diversity_falls_when_a_text_comes_twice() -> None:
    assert measures.diversity([SENTENCE]) == 1.0
    assert measures.diversity([SENTENCE, SENTENCE]) == pytest.approx(1 / 8)


def test_bleu4_of_itself_is_one_and_of_strangers_small() -> None:
    assert measures.bleu4(SENTENCE, SENTENCE) == pytest.approx(1.0)
    assert measures.bleu4("Guitars ring.", SENTENCE) < 0.05
    assert measures.bleu4("", SENTENCE) == 0.0


def test_bleu4_by_hand() -> None:
    # precisions 3/4, (1+1)/(3+1), (0+1)/(2+1), (0+1)/(1+1); equal lengths, no penalty
    assert measures.bleu4("a b x d", "a b c d") == pytest.approx((3 / 4 * 2 / 4 * 1 / 3 * 1 / 2) ** 0.25)


def test_corpus_bleu4_by_hand() -> None:
    pairs = (["a b c d e", "a b c d"], ["a b c d f", "a b c d"])
    # matches 8 of 9, 6 of 7, 4 of 5, 2 of 3
    assert measures.corpus_bleu4(*pairs) == pytest.approx((8 / 9 * 6 / 7 * 4 / 5 * 2 / 3) ** 0.25)


def test_brevity_is_punished() -> None:
    assert measures.corpus_bleu4(["a b c d"], ["a b c d e f g h"]) == pytest.approx(2.718281828**-1)


def test_self_bleu_equals_the_slow_way() -> None:
    texts = [
        "the cat sat on the mat",
        "the cat sat on a log",
        "the the dog ran far away from it",
        "on the mat sat the cat",
    ]
    slow = 0.0
    for i, text in enumerate(texts):
        others = [measures._bleu_tokens(other) for j, other in enumerate(texts) if j != i]
        counts, length, closest = measures._bleu_statistics(measures._bleu_tokens(text), others)
        slow += measures._bleu([(m + (n > 0), t + (n > 0)) for n, (m, t) in enumerate(counts)], length, closest)
    assert measures.self_bleu(texts) == pytest.approx(slow / len(texts))
    assert measures.self_bleu([SENTENCE, SENTENCE]) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="needs 2"):
        measures.self_bleu([SENTENCE])


def test_longest_copied_run_ignores_slots_and_case() -> None:
    index = measures.CopyIndex(["The drums on {title} arrive late, like weather.", "Nobody minds a late train."])
    assert measures.longest_copied_run("THE drums on Harbour arrive late", index) == 3
    assert measures.longest_copied_run("THE drums on {title} arrive late, and nobody minds", index) == 5
    assert measures.longest_copied_run("weather, nobody", index) == 1  # not across texts
    assert measures.longest_copied_run("guitars", index) == 0
    assert measures.longest_copied_run("", index) == 0


@given(st.lists(st.text("ab ", max_size=14), max_size=4), st.text("abc ", max_size=14))
def test_longest_copied_run_equals_the_slow_way(train: list[str], text: str) -> None:
    query, rows = measures.words(text), [measures.words(row) for row in train]
    known = {tuple(row[i:j]) for row in rows for i in range(len(row)) for j in range(i + 1, len(row) + 1)}
    runs = [j - i for i in range(len(query)) for j in range(i + 1, len(query) + 1) if tuple(query[i:j]) in known]
    assert measures.longest_copied_run(text, measures.CopyIndex(train)) == max(runs, default=0)


def test_repeated_ngram() -> None:
    assert measures.repeated_ngram("and then it goes, and then it goes", 4)
    assert not measures.repeated_ngram(SENTENCE, 4)


def test_exact_duplicates_counts_the_later_ones() -> None:
    assert measures.exact_duplicates(["a", "b", "a ", "a", "A"]) == 2


def test_share_with_ci_is_wilsons() -> None:
    share = measures.share_with_ci(8, 10)  # 0.4902 to 0.9433: the textbook's figures
    assert [share.share, share.low, share.high] == pytest.approx([0.8, 0.4902, 0.9433], abs=1e-4)
    assert measures.share_with_ci(0, 50).low == 0.0
    assert measures.share_with_ci(50, 50).high == pytest.approx(1.0)
    for successes, n in ((3, 2), (-1, 2), (0, 0)):
        with pytest.raises(ValueError, match="successes"):
            measures.share_with_ci(successes, n)
