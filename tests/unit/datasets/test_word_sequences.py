"""Words in a row: what is where, how often, by whom, and what is refused."""

import numpy as np
import pytest
from scipy.signal import correlate

import lsm_sim as lsm
from lsm_sim import DescriptionError
from lsm_sim.audio import Recording, spoken_vowels
from lsm_sim.datasets import Dataset, fsdd, word_sequences
from tests.datasets import write_digits

RATE = 8000
WORDS = ("ai", "iu", "ue")
VOICES = {"ann": (210, 0.85), "bob": (120, 1.0), "cleo": (190, 0.9)}
TAKES = 16  # of each word by each speaker
SEEDS = [0, 1, 2026]


@pytest.fixture(scope="module")
def spoken():
    """Recordings, their words and their speakers; no two are equal."""
    rng = np.random.default_rng(5)
    said = [(word, who) for who in VOICES for word in WORDS for _ in range(TAKES)]
    sounds = [Recording(spoken_vowels(word, *VOICES[who], rng, RATE), RATE) for word, who in said]
    return sounds, [word for word, _ in said], [who for _, who in said]


def parts_of(sequence, sounds):
    """Return the indices of the recordings that a sequence consists of, and the rest after them."""
    begins = {one.samples[:20].tobytes(): k for k, one in enumerate(sounds)}
    rest, found = sequence.samples, []
    while rest.size and rest.any():
        k = begins[rest[:20].tobytes()]
        assert np.array_equal(rest[: len(sounds[k])], sounds[k].samples)
        found.append(k)
        rest = rest[len(sounds[k]) :]
    return found, rest


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("length", "question"), [(2, "first"), (3, 2), (4, 4), (3, "same"), (2, "same")])
def test_the_label_is_that_of_the_words_at_their_places(spoken, length, question, seed):
    sounds, said, who = spoken
    data = word_sequences(*spoken, question=question, length=length, n_train=36, n_test=18, seed=seed)
    for sequence, label, speaker in zip(data.X, data.y, data.groups, strict=True):
        chosen, rest = parts_of(sequence, sounds)
        assert (len(chosen), rest.size) == (length, 0)
        assert len(set(chosen)) == length  # no recording twice
        assert {who[k] for k in chosen} == {speaker}
        words = [said[k] for k in chosen]
        if question == "same":
            assert data.classes[label] == ("same" if words[0] == words[-1] else "different")
        else:
            position = 0 if question == "first" else question - 1
            assert data.classes[label] == words[position]


def test_a_word_is_heard_where_it_should_be(spoken):
    sounds, said, _ = spoken
    data = word_sequences(*spoken, question=3, length=4, gap=0.5, n_train=9, n_test=9, seed=3)
    for sequence, label in zip(data.X, data.y, strict=True):
        chosen, _ = parts_of(sequence, sounds)
        third = sounds[chosen[2]].samples
        product = correlate(sequence.samples, third, mode="valid")
        power = correlate(sequence.samples**2, np.ones(len(third)), mode="valid")
        place = int(np.argmax(product / np.sqrt(np.maximum(power, 1e-3))))
        assert place == sum(len(sounds[k]) for k in chosen[:2])
        assert said[chosen[2]] == data.classes[label]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("question", ["first", "same", 2])
def test_every_speaker_has_every_class_equally_often(spoken, question, seed):
    data = word_sequences(*spoken, question=question, n_train=40, n_test=20, seed=seed)
    for test in (False, True):
        pairs = [
            np.sum((data.split == test) & (data.y == label) & (data.groups == who))
            for label in range(len(data.classes))
            for who in VOICES
        ]
        assert len(set(pairs)) == 1, f"seed {seed}"
        assert 0 < sum(pairs) <= (20 if test else 40)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_words_say_nothing_about_the_answer(spoken, seed):
    sounds, said, _ = spoken
    data = word_sequences(*spoken, n_train=270, n_test=9, seed=seed)
    last = np.array([WORDS.index(said[parts_of(sequence, sounds)[0][-1]]) for sequence in data.train.X])
    table = np.array([[np.sum((data.train.y == a) & (last == b)) for b in range(3)] for a in range(3)])
    assert table.tolist() == [[30] * 3] * 3, f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_different_words_are_all_pairs_equally_often(spoken, seed):
    sounds, said, _ = spoken
    data = word_sequences(*spoken, question="same", n_train=180, n_test=9, seed=seed).train
    pairs = {}
    for sequence in data[data.y == 0].X:
        first, last = (said[k] for k in parts_of(sequence, sounds)[0])
        pairs[first, last] = pairs.get((first, last), 0) + 1
    assert len(pairs) == 6
    assert max(pairs.values()) - min(pairs.values()) <= len(VOICES), f"seed {seed}"


def recordings_used(data, sounds):
    return {k for sequence in data.X for k in parts_of(sequence, sounds)[0]}


@pytest.mark.parametrize("seed", SEEDS)
def test_test_recordings_are_not_in_training(spoken, seed):
    data = word_sequences(*spoken, length=4, n_train=90, n_test=36, seed=seed)
    train, test = (recordings_used(part, spoken[0]) for part in (data.train, data.test))
    assert train
    assert test
    assert train.isdisjoint(test), f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_words_of_test_speakers_are_not_in_training(spoken, seed):
    data = word_sequences(*spoken, test_speakers=["bob"], n_train=60, n_test=30, seed=seed)
    assert set(data.test.groups) == {"bob"}
    assert set(data.train.groups) == {"ann", "cleo"}
    speakers = np.array(spoken[2])
    assert set(speakers[list(recordings_used(data.train, spoken[0]))]) == {"ann", "cleo"}
    assert set(speakers[list(recordings_used(data.test, spoken[0]))]) == {"bob"}


def test_the_seed_determines_everything(spoken):
    one, again, other = (word_sequences(*spoken, gap=(0, 1), n_train=18, n_test=9, seed=seed) for seed in (4, 4, 5))
    same = [np.array_equal(a.samples, b.samples) for a, b in zip(one.X, again.X, strict=True)]
    assert all(same)
    assert not any(np.array_equal(a.samples, b.samples) for a, b in zip(one.X, other.X, strict=True))


def test_gaps_are_silence_at_the_end(spoken):
    sounds = spoken[0]
    fixed = word_sequences(*spoken, gap=0.25, n_train=9, n_test=9)
    for sequence in fixed.X:
        assert not sequence.samples[-2000:].any()
        assert parts_of(sequence, sounds)[1].size == 2000
    drawn = word_sequences(*spoken, gap=(0.1, 0.9), n_train=90, n_test=9)
    gaps = np.array([parts_of(sequence, sounds)[1].size for sequence in drawn.X]) / RATE
    assert gaps.min() >= 0.1
    assert gaps.max() <= 0.9
    assert np.ptp(gaps) > 0.5


def test_sequences_have_different_lengths_and_reach_a_readout(spoken):
    data = word_sequences(*spoken, n_train=18, n_test=9)
    assert len({len(sequence) for sequence in data.X}) > 20
    assert (data.sample_rate, data.name) == (RATE, "word_sequences")
    frames = lsm.audio.MelSpectrogram(RATE, n_bands=8).fit_transform(data.X)
    assert [one.shape[1] for one in frames] == [8] * 27


def test_words_are_chosen_in_the_order_given(spoken):
    data = word_sequences(*spoken, words=["ue", "ai"], n_train=24, n_test=12)
    assert data.classes == ("ue", "ai")
    for sequence, label in zip(data.X, data.y, strict=True):
        chosen = [spoken[1][k] for k in parts_of(sequence, spoken[0])[0]]
        assert set(chosen) <= {"ue", "ai"}
        assert chosen[0] == data.classes[label]


def test_labels_may_be_numbers_and_speakers_unknown(spoken):
    sounds, said, _ = spoken
    data = word_sequences(sounds, [WORDS.index(word) for word in said], n_train=12, n_test=6)
    assert data.classes == ("0", "1", "2")
    assert set(data.groups) == {"all"}


class TestDigits:
    NUMBERS = (0, 1, 2, 3, 5, 6, 7, 8, 9)

    def test_folder_and_data_set_give_the_same(self, tmp_path):
        folder = write_digits(tmp_path / "recordings", digits=range(3), numbers=self.NUMBERS)
        one, other = (word_sequences(x, words=["zero", "two"], n_train=8, n_test=4) for x in (folder, fsdd(folder)))
        assert one.classes == other.classes == ("zero", "two")
        assert all(np.array_equal(a.samples, b.samples) for a, b in zip(one.X, other.X, strict=True))
        assert one.source.licence == "CC BY-SA 4.0"

    def test_the_published_split_is_kept(self, tmp_path):
        data = fsdd(write_digits(tmp_path, digits=range(2), numbers=self.NUMBERS))
        sequences = word_sequences(data, n_train=40, n_test=20, length=3)
        for part, published in ((sequences.train, data.train), (sequences.test, data.test)):
            heard = {sound.samples.tobytes() for sound in published.X}
            lengths = {len(sound) for sound in published.X}
            for sequence in part.X:
                assert any(sequence.samples[:n].tobytes() in heard for n in lengths)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"gap": -0.1}, "gap: got -0.1, expected 0 to 60 s"),
        ({"gap": (0.5, 0.1)}, "gap: got \\(0.5, 0.1\\), expected"),
        ({"gap": (0, 1, 2)}, "word_sequences gap"),
        ({"length": 1}, "length"),
        ({"length": 5}, "length"),
        ({"question": "last"}, "question: got 'last', expected 'first' or 'same'"),
        ({"question": 3}, "question"),
        ({"question": 0}, "question"),
        ({"words": ["ai", "oo"]}, "no word oo; known: ai, iu, ue"),
        ({"words": ["ai"]}, "expected at least two different words"),
        ({"words": ["ai", "ai"]}, "expected at least two different words"),
        ({"words": "ai"}, "words"),
        ({"labels": None}, "labels: got none"),
        ({"labels": ["ai"]}, "labels: got 1, expected 144"),
        ({"groups": ["ann"]}, "groups: got 1, expected 144"),
        ({"test_speakers": ["dora"]}, "got dora, expected some of ann, bob, cleo"),
        ({"test_speakers": list(VOICES)}, "expected some of ann, bob, cleo"),
        ({"test_speakers": []}, "got none, expected some of ann, bob, cleo"),
        ({"groups": None, "test_speakers": ["all"]}, "got recordings of one speaker, all, expected at least two"),
        ({"n_test": 8}, "n_test: got 8, expected at least 9"),
        ({"n_train": 0}, "n_train"),
        ({"seed": -1}, "seed"),
        ({"recordings": []}, "recordings: got none"),
        ({"recordings": 5}, "word_sequences recordings"),
    ],
)
def test_bad_input_is_named(spoken, changed, expected):
    given = dict(zip(("recordings", "labels", "groups"), spoken, strict=True)) | {"n_train": 9, "n_test": 9}
    with pytest.raises(DescriptionError, match=expected):
        word_sequences(**given | changed)


def test_too_few_recordings_are_named(spoken):
    few = [
        k for k, (word, who) in enumerate(zip(*spoken[1:], strict=True)) if (word, who) != ("iu", "bob") or k % 4 == 0
    ]
    given = [[part[k] for k in few] for part in spoken]
    with pytest.raises(DescriptionError, match="1 recordings of 'iu' by bob for testing, expected at least 2"):
        word_sequences(*given)


def test_mixed_sample_rates_are_named(spoken):
    sounds, said, who = spoken
    mixed = [*sounds[:-1], Recording(sounds[-1].samples, 16000)]
    with pytest.raises(DescriptionError, match="got 16000 samples per second, but the first has 8000"):
        word_sequences(mixed, said, who)
    with pytest.raises(DescriptionError, match="recordings\\[0\\]: got ndarray, expected a Recording"):
        word_sequences([sounds[0].samples, *sounds[1:]], said, who)


def test_a_data_set_has_its_own_labels(spoken):
    sounds, said, _ = spoken
    data = Dataset("mine", sounds, np.array([WORDS.index(word) for word in said]), WORDS, fsdd_source())
    assert len(word_sequences(data, n_train=12, n_test=6)) == 18
    with pytest.raises(DescriptionError, match="mine has its own labels and groups"):
        word_sequences(data, said)


def fsdd_source():
    from lsm_sim.datasets.fsdd import SOURCE

    return SOURCE
