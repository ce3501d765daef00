"""``lsm-sim evaluate words``: what is tested, what is tuned, what is printed and what is refused."""

import json

import numpy as np
import pytest
from scipy.io import wavfile

from lsm_sim.apps.evaluate import Options, settings_words, words
from lsm_sim.audio import spoken_vowels
from lsm_sim.learn import controls
from tests.unit.apps.test_cli import fails, lsm

RATE = 8000
SAID = {0: "ai", 1: "iu", 2: "ue"}
VOICES = {"ann": (210, 0.85), "bob": (120, 1.0), "cleo": (190, 0.9)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Synthetic words, named like those of the Free Spoken Digit Dataset: numbers 0 to 4 are for testing."""
    top, rng = tmp_path_factory.mktemp("words"), np.random.default_rng(7)
    for digit, vowels in SAID.items():
        for speaker, voice in VOICES.items():
            for number in range(10):
                sound = spoken_vowels(vowels, *voice, rng, RATE)
                wavfile.write(
                    top / f"{digit}_{speaker}_{number}.wav", RATE, (sound / abs(sound).max()).astype(np.float32)
                )
    return top


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few sequences."""
    monkeypatch.setattr(words, "N_TRAIN", 36)
    monkeypatch.setattr(words, "N_TEST", 18)


def report(folder, *arguments):
    result = lsm("evaluate", "words", "--data", folder, "--neurons", 20, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_row_has_the_same_budget(folder):
    read = report(folder, "--split", "takes", "--seeds", 2)
    tried, chosen = read["settings"]["tried"], read["settings"]["chosen"]
    assert list(read["accuracy"]) == list(tried) == list(controls.VIEWS)
    assert {len(own) for own in tried.values()} == {read["settings"]["budget"]}
    assert 2 <= read["settings"]["budget"] <= 4
    assert {sum(counts.values()) for counts in chosen.values()} == {2}  # one fold, two seeds
    assert all(set(counts) <= set(tried[view]) for view, counts in chosen.items())
    assert read["features"] == {"raw": 32, "encoder": 96, "recurrence_off": 20, "esn": 20, "liquid": 20}
    assert read["settings"]["trace"] == {"tau": 0.03, "resolution": 2**-10}
    assert (read["samples"], read["blocks"]) == (18, 3)  # p counts speakers


@pytest.mark.slow
def test_workers_change_nothing(folder):
    found = [report(folder, "--split", "takes", "--seeds", 2, *more) for more in ((), ("--workers", 2))]
    for one in found:
        one["seconds"] = [*one["seconds"]]
        del one["settings"]["options"], one["machine"]
    assert json.dumps(found[0]) == json.dumps(found[1])


def test_speakers_are_left_out_in_turn_and_choose_the_settings(folder):
    read = report(folder, "--seeds", 1)
    assert (read["samples"], read["blocks"], read["settings"]["split"]) == (54, 3, "loso")
    assert all(sum(counts.values()) == 3 for counts in read["settings"]["chosen"].values())


def test_loihis_integers_are_one_more_row_calibrated_on_the_training_sequences(folder, monkeypatch):
    seen = []
    fit = settings_words.LiquidTransformer.fit

    def spy(self, X, y=None):
        seen.append((self.arithmetic, len(X)))
        return fit(self, X, y)

    monkeypatch.setattr(settings_words.LiquidTransformer, "fit", spy)
    read = report(folder, "--test-speakers", "ann", "--arithmetic", "loihi", "--seeds", 1)
    assert list(read["accuracy"]) == [*controls.VIEWS, "loihi"]
    assert read["samples"] == 18
    assert [n for kind, n in seen if kind == "loihi"] == [36] * 3  # no sequence of ann, one fold of three settings


def test_stress_prints_accuracy_against_each_perturbation(folder):
    read = report(folder, "--test-speakers", "ann", "--stress", "--seeds", 1)
    assert {"clean", "silence of 0-200 ms", "30 % of neurons dead"} <= set(read["stress"])
    assert list(read["stress"]["clean"]) == list(controls.VIEWS)


def test_the_options_reach_the_data():
    asked = Options("words", words=("two", "one"), question="3", length=4, gap=0.5)
    assert words.described(asked) == {"words": ["two", "one"], "question": 3, "length": 4, "gap": 0.5}
    assert words.described(Options("words", words=("all",)))["words"] is None


def test_the_data_are_those_of_the_first_seed(folder):
    one, same, other = (words.read(Options("words", folder, seeds=seeds)) for seeds in ((1, 2), (1,), (2,)))
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(one.X, same.X, strict=True))
    assert not all(np.array_equal(a.samples, b.samples) for a, b in zip(one.X, other.X, strict=True))


def test_the_table_names_task_budget_and_choice(folder):
    arguments = ("--question", "same", "--length", 3, "--gap", 0.2, "--words", "all", "--seeds", 1)
    text = lsm("evaluate", "words", "--data", folder, "--neurons", 20, *arguments).stdout
    assert "are the first and the last word the same? 3 words of all words, then 0.2 s of silence" in text
    assert "every row: 3 settings, chosen on training sequences for each seed and fold" in text
    assert "  recurrence off: tau_syn " in text
    assert "p counts 3 independent group(s)" in text


@pytest.mark.slow
def test_threads_and_backend_change_nothing(folder, monkeypatch):
    monkeypatch.setattr(words, "N_TRAIN", 18)  # the reference is slow
    monkeypatch.setattr(words, "N_TEST", 9)
    one = report(folder, "--split", "takes", "--seeds", 1, "--threads", 1)
    other = report(folder, "--split", "takes", "--seeds", 1, "--threads", 2, "--backend", "reference")
    assert one["accuracy"] == other["accuracy"]


def test_recurrence_off_has_no_synapses_between_neurons_and_traces_end_after_some_frames():
    own = settings_words.Words([], n_neurons=20)
    assert [group.pre for group in own._transformer(0, (0.4, 2.0, 0.0)).liquid(96).synapses] == ["input"]
    assert [group.pre for group in own._transformer(0, (0.25, 0.5, 3.0)).liquid(96).synapses] == ["input", "all"]
    frames = np.zeros((100, 2))
    frames[0, 0], frames[-1, 1] = 1.0, 1.0  # one half of a second ago, one at the end
    assert settings_words._trace(frames).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--words", "zero,ten"), "no word ten; known: 0, 1, 2"),
        (("--words", "zero"), "expected at least two different words"),
        (("--words", "zero,"), "--words: got 'zero,', expected names separated by commas"),
        (("--question", "last"), "question: got 'last', expected 'first' or 'same'"),
        (("--question", "3"), "question"),
        (("--gap", "100"), "gap: got 100"),
        (("--length", "5"), "length: got more than 4"),
        (("--gap", "-1"), "gap: got -1.0, expected 0 to 60 s"),
        (("--bins", "2"), "--bins: not an option of words"),
        (("--ensemble", "2"), "--ensemble: not an option of words"),
        (("--horizon", "2"), "--horizon: not an option of words"),
        (("--limit", "2"), "--limit: not an option of words"),
        (("--split", "upstream"), "--split: got 'upstream', expected 'takes'"),
        (("--split", "takes", "--loso"), "--split: omit it with --test-speakers and --loso"),
        (("--rivals",), "--rivals: not an option of words"),
        (("--rows", "cfc"), "--rows: not an option of words"),
        (("--stress", "--arithmetic", "loihi"), "--arithmetic: not an option of --stress"),
        (("--train-noise", 10), "--train-noise: an option of --stress only"),
        (("--test-speakers", "dora"), "--test-speakers: no speaker dora; known: ann, bob, cleo"),
        (("--words", "one,three"), "got 0 recordings of 'three' by ann for training, expected at least 2"),
    ],
)
def test_wrong_input_is_answered_in_a_sentence(folder, arguments, expected):
    fails(lsm("evaluate", "words", "--data", folder, *arguments), expected)


@pytest.mark.parametrize("option", [("--words", "one,two"), ("--question", "same"), ("--length", 2), ("--gap", 0.5)])
@pytest.mark.parametrize("name", ["digits", "narma10"])
def test_other_benchmarks_refuse_these_options(name, option):
    fails(lsm("evaluate", name, *option), f"{option[0]}: not an option of {name}; omit it")


def test_one_speaker_cannot_be_left_out(tmp_path):
    rng = np.random.default_rng(1)
    for digit in (0, 1):
        for number in range(8):
            sound = spoken_vowels(SAID[digit], 120, 1.0, rng, RATE)
            wavfile.write(tmp_path / f"{digit}_ann_{number}.wav", RATE, (sound / abs(sound).max()).astype(np.float32))
    for options in ((), ("--loso",)):
        fails(
            lsm("evaluate", "words", "--data", tmp_path, *options), "got recordings of 1 speaker, expected at least two"
        )
