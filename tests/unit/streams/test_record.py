"""Spikes and state variables that are stored chunk by chunk."""

import contextlib
import json

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import streams
from lsm_sim.errors import DescriptionError
from tests.unit.streams.test_transform import LIQUID, contents

RNG = np.random.default_rng(4)
SPIKES = lsm.Spikes.from_dense([RNG.random((n, 2)) < 0.3 for n in RNG.integers(5, 30, 23)], 0.001)
WANTED = {"exc": lsm.Record(("u", "v"), neurons=[1, 5])}


def batches(size, stop=23):
    return (SPIKES[k : k + size] for k in range(0, stop, size))


@pytest.mark.parametrize("network", [LIQUID, lsm.lower(LIQUID, 0.001)], ids=["liquid", "program"])
@pytest.mark.parametrize("options", [{}, {"record": WANTED}, {"record": WANTED, "record_steps": [0, 3, 20]}])
def test_slices_equal_the_results_of_runs(network, options, tmp_path):
    stimulus = SPIKES if isinstance(network, lsm.Liquid) else lsm.encode.background.with_background(SPIKES, LIQUID)
    stored = streams.record(network, (stimulus[k : k + 5] for k in range(0, 23, 5)), tmp_path / "r", chunk=4, **options)
    assert len(stored) == 23
    for a, b in ((0, 23), (3, 9), (22, 23)):
        assert stored[a:b] == lsm.run(network, stimulus[a:b], **options)
    assert stored[-1] == lsm.run(network, stimulus[22:], **options)
    assert sum(len(part.spikes) for part in stored.results()) == 23


def test_spikes_can_be_left_out(tmp_path):
    stored = streams.record(LIQUID, SPIKES, tmp_path / "r", spikes=False, record={"exc": ["v"]})
    whole = lsm.run(LIQUID, SPIKES, record={"exc": ["v"]})
    assert stored[:].v["exc"] == whole.v["exc"]
    with pytest.raises(DescriptionError, match="spikes were not requested"):
        stored[:].spikes  # noqa: B018


def test_an_interrupted_recording_ends_with_the_same_bytes(tmp_path):
    streams.record(LIQUID, batches(5), tmp_path / "whole", record=WANTED, chunk=4)

    def interrupted():
        yield from batches(5, 15)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        streams.record(LIQUID, interrupted(), tmp_path / "r", record=WANTED, chunk=4)
    partial = streams.StoredRecording(tmp_path / "r")
    assert not partial.complete
    assert partial[:12] == lsm.run(LIQUID, SPIKES[:12], record=WANTED)
    streams.record(LIQUID, batches(7), tmp_path / "r", record=WANTED, chunk=4, resume=True)
    assert contents(tmp_path / "r") == contents(tmp_path / "whole")


def test_spikes_in_files_are_a_stimulus(tmp_path):
    folder = tmp_path / "spikes"
    folder.mkdir()
    for k in range(3):
        SPIKES[8 * k : 8 * k + 8].save(folder / f"{k}.npz")
    assert streams.record(LIQUID, folder, tmp_path / "r")[:].spikes == lsm.run(LIQUID, SPIKES).spikes


def test_wrong_stimuli_and_settings_are_named(tmp_path):
    with pytest.raises(DescriptionError, match="stimulus: got ndarray, expected Spikes"):
        streams.record(LIQUID, np.zeros((3, 4, 2)), tmp_path / "r")
    with pytest.raises(DescriptionError, match="no group 'inh'"):
        streams.record(LIQUID, SPIKES, tmp_path / "r", record={"inh": ["v"]})
    assert not (tmp_path / "r").exists()
    streams.record(LIQUID, SPIKES, tmp_path / "r")
    with pytest.raises(DescriptionError, match="another record"):
        streams.record(LIQUID, SPIKES, tmp_path / "r", record=WANTED, resume=True)


def test_whatever_a_folder_contains_reading_it_is_a_result_or_one_sentence(tmp_path):
    streams.record(LIQUID, SPIKES, tmp_path / "r", record=WANTED, chunk=8)
    model = lsm.LiquidTransformer(LIQUID, lsm.encode.Passthrough(), lsm.Counts(1)).fit(SPIKES)
    streams.transform(model, SPIKES, tmp_path / "f", chunk=8)
    values = (None, -1, 0, 1.5, 10**12, "text", [], [1, 2], [-1], {}, True)
    rng = np.random.default_rng(7)
    for name, read in (("r", streams.StoredRecording), ("f", streams.StoredFeatures)):
        for file in ("manifest.json", "chunks.jsonl"):
            good = (tmp_path / name / file).read_text()
            lines = [json.loads(good)] if file == "manifest.json" else [json.loads(text) for text in good.splitlines()]
            for line, key, value in ((one, key, value) for one in lines for key in one for value in values):
                kept = line[key]
                line[key] = value
                (tmp_path / name / file).write_text("".join(json.dumps(own) + "\n" for own in lines))
                line[key] = kept
                with contextlib.suppress(lsm.LsmError):
                    read(tmp_path / name)[0:10]
            (tmp_path / name / file).write_text(good)
        chunk = tmp_path / name / ("chunk.0.npz" if name == "r" else "features/c.0.0")
        data = chunk.read_bytes()
        for _ in range(20):
            spoilt = bytearray(data[: rng.integers(1, len(data) + 1)])
            spoilt[rng.integers(len(spoilt))] ^= 1 << rng.integers(8)
            chunk.write_bytes(spoilt)
            with contextlib.suppress(lsm.LsmError):
                read(tmp_path / name)[0:10]
