"""Wrong values for every argument of every public function and class: an answer, or one error of lsm_sim in one sentence.

Each call below is valid. One argument after the other is replaced by each of the values in ``BAD``; what then happens must be a
result (some of these values are valid) or an `LsmError`. The estimators of scikit-learn check in ``fit``, as its contract wants.
"""

from __future__ import annotations

import copy
import inspect
import io
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import nir
import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, live, ms
from lsm_sim.deploy import chips, deploy, report_on, verify
from lsm_sim.deploy.costs import costs, measure, measure_cpu
from lsm_sim.deploy.mapping import map_program
from lsm_sim.deploy.report import DeploymentReport, ProgramFacts
from lsm_sim.encode.streaming import start_encoder
from lsm_sim.exchange.nir.building import graph
from lsm_sim.learn.streaming import start_features
from lsm_sim.search.optimising import prepared
from tests.unit.deploy.core_maps import core_map

BAD: dict[str, Any] = {
    "None": None,
    "text": "text",
    "empty text": "",
    "bytes": b"ab",
    "-1": -1,
    "0": 0,
    "1.5": 1.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "-1e300": -1e300,
    "1e300": 1e300,
    "10**400": 10**400,
    "True": True,
    "complex": 1 + 2j,
    "empty list": [],
    "ragged list": [[1, 2], [3]],
    "list of text": ["a", "b"],
    "list of None": [None],
    "dict": {"a": 1},
    "set": {1, 2},
    "object": object(),
    "function": lambda *_: None,
    "class": int,
    "empty array": np.empty(0),
    "0-d array": np.array(2.0),
    "4-d array": np.zeros((1, 2, 1, 2)),
    "array of objects": np.array([{}, None], dtype=object),
    "array of text": np.array(["a", "b"]),
    "array of nan": np.full((2, 2), np.nan),
    "structured array": np.zeros(2, dtype=[("a", int)]),
    "datetime": np.datetime64("2020-01-01"),
}

RNG = np.random.default_rng(5)
SIGNALS = RNG.random((6, 4, 2))
LABELS = np.array([0, 1] * 3)
NOISE = np.random.default_rng(7).random((600, 4))
SERIES = np.sin(np.arange(160) / 3)
LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 2)],
    [lsm.Neurons("exc", 8, i_bias=60.0)],
    [
        lsm.Synapses("in", "exc", lsm.AllToAll(), weight=1.0),
        lsm.Synapses("exc", "exc", lsm.FixedProbability(0.3), weight=0.1, delay=2 * ms),
    ],
    seed=1,
)
STIMULUS = lsm.Spikes.from_dense(RNG.random((3, 20, 2)) < 0.3, 1 * ms)
PROGRAM = lsm.lower(LIQUID, 1 * ms)
GRAPH = nir.dict2NIRNode(graph(PROGRAM, "exact"))
RESULT = lsm.run(LIQUID, STIMULUS, record={"exc": ["u", "v"]})
NEO, AER = STIMULUS.to_neo(), STIMULUS.to_aer((2, 1, 1))
ENCODER = lsm.encode.Rate(200 * Hz, frame=5 * ms)
SOUNDS = [lsm.audio.Recording(RNG.normal(size=n), 8000) for n in (400, 900)]
OTHERS = [lsm.audio.Recording(np.ones(50), 8000)]
CORE = np.arange(8) // 4
ACTIVITY = measure(PROGRAM, STIMULUS, CORE)


ARRAYS = {name: values[:1] for name, values in PROGRAM.arrays.items()}
MODEL = lsm.LiquidClassifier(LIQUID, ENCODER, lsm.Counts(1), "centred_ridge").fit(SIGNALS, LABELS)
DEPLOYED = deploy(MODEL, SIGNALS, LABELS)
FOLDER = tempfile.TemporaryDirectory()  # removed when Python ends
FEATURES = lsm.streams.transform(MODEL, SIGNALS, f"{FOLDER.name}/features", chunk=4)
INTEGERS = lsm.quantise(PROGRAM, STIMULUS).program


def fitted(make: Callable[..., Any], X: Any = SIGNALS, y: Any = LABELS, **arguments: Any) -> Any:
    """Return what ``make`` gives, after fitting it."""
    return make(**arguments).fit(X, y)


def encoder(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes an encoder and encodes with it."""
    return lambda signals, dt, **arguments: make(**arguments)(signals, dt)


def _streamed(of: Any, frames: Any, n_features: Any, dt: Any, rng: Any) -> None:
    """Feed frames to the stream of an encoder, to the end."""
    stream = start_encoder(of, n_features, dt, rng=rng)
    stream.advance(frames)
    stream.finish()


def front_end(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes a front end, fits it and converts with it."""
    return lambda X, **how: make(**how).fit(X).transform(X)


def perturbed(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes a perturbation and calls it."""
    return lambda X, **how: make(**how)(X)


STREAMED = (
    ENCODER,
    lsm.encode.Rate(200 * Hz, frame=5 * ms, interpolation="linear"),
    lsm.encode.Poisson(100 * Hz, frame=5 * ms),
    lsm.encode.Delta(0.1, frame=5 * ms),
    lsm.encode.BSA(frame=5 * ms),
    lsm.encode.Bits(4, frame=5 * ms),
    lsm.encode.Graded(8, frame=5 * ms),
    lsm.encode.Population(4, frame=5 * ms),
)

TRAIN = {"X": SIGNALS, "y": LABELS, "liquid": LIQUID, "encoder": ENCODER, "features": lsm.Counts(bins=2), "dt": 1 * ms}
ENCODE = {"signals": SIGNALS, "dt": 1 * ms}
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "Inputs": (lsm.Inputs, {"name": "a", "size": 3}),
    "Neurons": (
        lsm.Neurons,
        {"name": "a", "size": 3, "tau_m": 20 * ms, "tau_syn": 5 * ms, "v_rest": 0, "v_thresh": 1, "v_reset": 0}
        | {"t_ref": 2 * ms, "i_bias": 0, "v_init": 0, "positions": lsm.grid(3, 1, 1), "sign": 1}
        | {"tau_syn_inh": 6 * ms, "tau_adapt": 1.0, "adapt_step": 0.1},
    ),
    "Synapses": (
        lsm.Synapses,
        {"pre": "a", "post": "b", "rule": lsm.AllToAll(), "weight": 1.0, "delay": 1 * ms}
        | {"stp": lsm.TsodyksMarkram(0.5, 1.0), "receptor": "exc"},
    ),
    "TsodyksMarkram": (lsm.TsodyksMarkram, {"U": 0.5, "tau_rec": 1.1, "tau_facil": 50 * ms}),
    "TsodyksMarkram in a liquid": (lambda **how: _plastic(**how), {"U": 0.5, "tau_rec": 1.1, "tau_facil": 50 * ms}),
    "Synapses.from_matrix": (
        lsm.Synapses.from_matrix,
        {"pre": "a", "post": "b", "matrix": np.eye(3), "delay": np.eye(3) * ms},
    ),
    "Liquid": (
        lsm.Liquid,
        {"inputs": LIQUID.inputs, "neurons": LIQUID.neurons, "synapses": LIQUID.synapses, "seed": 1}
        | {"background": lsm.Background("exc", 10 * Hz, 0.1)},
    ),
    "Background": (lsm.Background, {"to": "exc", "rate": 10 * Hz, "weight": 0.1, "per": "neuron"}),
    "FixedProbability": (lsm.FixedProbability, {"p": 0.1, "autapses": True}),
    "FixedInDegree": (lsm.FixedInDegree, {"k": 2, "autapses": True}),
    "DistanceRule": (lsm.DistanceRule, {"c": 0.3, "lam": 2.0, "autapses": True}),
    "SmallWorld": (lsm.SmallWorld, {"k": 2, "p": 0.1}),
    "Edges": (lsm.Edges, {"pre": [0, 1], "post": [1, 0]}),
    "Normal": (lsm.Normal, {"mean": 1.0, "sd": 0.1, "minimum": 0.0, "maximum": 3.0}),
    "Gamma": (lsm.Gamma, {"mean": 1.0, "shape": 2.0, "minimum": 0.0, "maximum": 3.0}),
    "LogNormal": (lsm.LogNormal, {"mean": 1.0, "sd": 0.1, "minimum": 0.0, "maximum": 3.0}),
    "Uniform": (lsm.Uniform, {"low": 1.0, "high": 2.0}),
    "grid": (lsm.grid, {"nx": 2, "ny": 2, "nz": 2}),
    "random_in_box": (lsm.random_in_box, {"x": 2, "y": 2, "z": 2}),
    "lower": (lsm.lower, {"liquid": LIQUID, "dt": 1 * ms, "weight_bits": 16}),
    "run": (
        lsm.run,
        {"network": LIQUID, "stimulus": STIMULUS, "backend": "fast", "arithmetic": "float64", "spikes": True}
        | {"bins": 2, "record": {"exc": ["v"]}, "record_steps": [0, 1], "excursions": False, "trial": 0, "n_threads": 1}
        | {"progress": False},
    ),
    "quantise": (lsm.quantise, {"network": PROGRAM, "calibration": STIMULUS}),
    "explore": (
        lambda **how: lsm.explore(**how).to_html(),
        {"network": PROGRAM, "data": STIMULUS[:2], "labels": [0, 1], "samples": [0], "against": (), "ablate": 0}
        | {"controls": {"raw": 0.5}, "signals": SIGNALS[:2], "frame": 5 * ms, "max_spikes": 100, "title": "a page"}
        | {"backend": "fast"},
    ),
    "explore a model": (
        lambda **how: lsm.explore(**how).to_html(),
        {"network": MODEL, "data": SIGNALS[:2], "labels": LABELS[:2], "samples": [0]},
    ),
    "deploy.measure": (
        measure,
        {"program": PROGRAM, "calibration": STIMULUS, "core": CORE, "backend": "fast", "n_threads": 1},
    ),
    "deploy.costs": (costs, {"activity": ACTIVITY, "chip": "loihi1", "n_chips": 1, "cpu": None}),
    "deploy.measure_cpu": (
        measure_cpu,
        {"program": PROGRAM, "calibration": STIMULUS, "backend": "fast", "seconds": 1e-3, "powercap": "PATH"},
    ),
    "DeploymentReport": (
        DeploymentReport,
        {"title": "digits", "program": ProgramFacts.of(PROGRAM), "core_map": core_map(PROGRAM, CORE)}
        | {"activity": ACTIVITY, "costs": costs(ACTIVITY, "loihi1"), "quantisation": None}
        | {"accuracy": [("test", 0.9, 0.8)], "readout": [("bins", 2, "")], "headroom": {"a": 2.0}}
        | {"rasters": (RESULT.spikes, RESULT.spikes)},
    ),
    "export": (
        lsm.export,
        {"network": INTEGERS, "path": "PATH", "to": "c", "name": "lsm", "max_ram": 100_000, "graded": True}
        | {"n_steps": None},
    ),
    "export to Brian2": (
        lsm.export,
        {
            "network": PROGRAM,
            "path": "PATH.py",
            "to": "brian2",
            "stimulus": STIMULUS[0],
            "names": {},
            "arrays": "beside",
        },
    ),
    "export a deployment": (lsm.export, {"network": DEPLOYED, "path": None, "to": "c", "n_steps": 20}),
    "export to NIR": (
        lsm.export,
        {"network": LIQUID, "path": "PATH", "to": "nir", "mode": "exact", "dt": 1 * ms, "allow_loss": False},
    ),
    "read_nir": (
        lsm.read_nir,
        {"source": GRAPH, "dt": 1 * ms, "convention": "exact", "weight_bits": 16, "metadata": True},
    ),
    "search.Range": (lsm.search.Range, {"low": 1, "high": 20, "log": True, "whole": True}),
    "search.Choices": (lsm.search.Choices, {"values": [1, 2]}),
    "search.load": (lsm.search.load, {"path": "PATH"}),
    "search.optimise": (
        prepared,
        {"model": MODEL, "X": SIGNALS, "y": LABELS, "space": {"features__bins": [1]}, "n_trials": 1, "storage": "a.db"}
        | {"groups": [0, 0, 1, 1, 2, 2], "objectives": ["accuracy"], "cv": 2, "hold_out": 0, "sampler": "random"}
        | {"prune": True, "workers": 1, "dask": None, "seed": 0, "liquid_seeds": [1]},
    ),
    "get_backend": (lsm.get_backend, {"name": "fast"}),
    "Record": (lsm.Record, {"variables": "v", "neurons": [0]}),
    "Spikes": (
        lsm.Spikes,
        {"step": [0, 1], "channel": [0, 1], "offsets": [0, 2], "n_steps": [3], "n_channels": 2, "dt": 1 * ms}
        | {"groups": {"a": range(2)}},
    ),
    "Spikes.from_dense": (lsm.Spikes.from_dense, {"dense": np.ones((1, 2, 3)), "dt": 1 * ms}),
    "Spikes.from_events": (
        lsm.Spikes.from_events,
        {"step": [0, 1], "channel": [0, 1], "n_steps": 3, "n_channels": 2, "dt": 1 * ms},
    ),
    "Spikes.from_times": (
        lsm.Spikes.from_times,
        {"times": [0.001, 0.002], "channel": [0, 1], "duration": 10 * ms, "n_channels": 2, "dt": 1 * ms},
    ),
    "Spikes.from_neo": (lsm.Spikes.from_neo, {"data": NEO, "dt": 1 * ms, "n_channels": 2}),
    "Spikes.to_neo": (STIMULUS.to_neo, {"silent": False}),
    "Spikes.from_aer": (
        lsm.Spikes.from_aer,
        {"events": AER, "sensor_size": (2, 1, 1), "dt": 1 * ms, "duration": 20 * ms, "repeats": "one"},
    ),
    "Spikes.to_aer": (STIMULUS.to_aer, {"sensor_size": (2, 1, 1)}),
    "Result.to_neo": (RESULT.to_neo, {"silent": True}),
    "Spikes.concatenate": (lsm.Spikes.concatenate, {"parts": [STIMULUS, STIMULUS]}),
    "Spikes.counts": (STIMULUS.counts, {"bins": 2}),
    "Spikes.raster": (STIMULUS.raster, {"sample": 0}),
    "Spikes.save": (STIMULUS.save, {"path": "PATH"}),
    "Spikes.load": (lsm.Spikes.load, {"path": "PATH"}),
    "Liquid.load": (lsm.Liquid.load, {"path": "PATH"}),
    "Program.load": (lsm.Program.load, {"path": "PATH"}),
    "Counts": (
        lambda spikes, **how: lsm.Counts(**how).of(spikes),
        {"spikes": STIMULUS, "bins": 2, "window": 5 * ms, "n_windows": 4, "sqrt": True, "per_second": True},
    ),
    "Traces": (
        lambda spikes, **how: lsm.Traces(**how).of(spikes),
        {"spikes": STIMULUS, "tau": 20 * ms, "times": (0.5, 1.0), "seconds": False, "resolution": 0.1},
    ),
    "Rate": (
        encoder(lsm.encode.Rate),
        ENCODE
        | {"max_rate": 100 * Hz, "power": 1.0, "frame": 5 * ms, "interpolation": "hold", "phase": 0.5, "seed": 0},
    ),
    "Poisson": (
        encoder(lsm.encode.Poisson),
        ENCODE | {"max_rate": 100 * Hz, "power": 1.0, "frame": 5 * ms, "interpolation": "hold", "seed": 0},
    ),
    "Latency": (encoder(lsm.encode.Latency), ENCODE | {"frame": 20 * ms, "threshold": 0.0}),
    "Delta": (encoder(lsm.encode.Delta), ENCODE | {"step": 0.1, "start": 0.0, "frame": 5 * ms}),
    "BSA": (encoder(lsm.encode.BSA), ENCODE | {"max_rate": 100 * Hz, "frame": 5 * ms}),
    "Bits": (encoder(lsm.encode.Bits), ENCODE),
    "Graded": (encoder(lsm.encode.Graded), ENCODE | {"bits": 8, "frame": 5 * ms, "largest": 1.0}),
    "Graded.for_signals": (lsm.encode.Graded.for_signals, {"signals": SIGNALS, "bits": 8, "frame": 5 * ms}),
    "inject": (
        lsm.inject,
        {"currents": SIGNALS, "weights": np.eye(2), "bits": 8, "frame": 5 * ms, "dt": 1 * ms, "largest": 1.0},
    ),
    "Population": (encoder(lsm.encode.Population), ENCODE),
    "Passthrough": (encoder(lsm.encode.Passthrough), {"signals": STIMULUS, "dt": 1 * ms}),
    "LiquidClassifier": (
        lambda **how: fitted(lsm.LiquidClassifier, **how),
        TRAIN
        | {"readout": "ridge", "sample_shape": None, "scale": "channel", "backend": "fast", "arithmetic": "float64"}
        | {"n_threads": 1, "progress": False, "target_rate": "auto", "with_encoder": False},
    ),
    "LiquidRegressor": (
        lambda **how: fitted(lsm.LiquidRegressor, **how),
        TRAIN | {"y": LABELS * 1.0, "readout": "ridge"},
    ),
    "LiquidTransformer": (lambda **how: fitted(lsm.LiquidTransformer, **how), TRAIN | {"scale": "global"}),
    "LiquidEnsemble": (
        lambda **how: fitted(lsm.LiquidEnsemble, **how),
        {"X": SIGNALS, "y": LABELS, "members": [lsm.LiquidClassifier(LIQUID, ENCODER)] * 2, "combine": "scores"},
    ),
    "LiquidForecaster": (
        lambda series, targets=None, **how: lsm.LiquidForecaster(**how).fit(series, targets),
        {
            "series": SERIES,
            "targets": SERIES,
            "liquid": lambda n: _wide(n),
            "encoder": lsm.encode.Population(8, frame=5 * ms),
        }
        | {
            "taus": (1.0,),
            "resolution": 0.1,
            "counts": True,
            "horizon": 1,
            "washout": 20,
            "readout": None,
            "margin": 0.02,
        }
        | {"dt": 1 * ms, "backend": "fast", "n_threads": 1, "progress": False, "arithmetic": "float64"}
        | {"with_encoder": True},
    ),
    "live.from_iterable": (
        lambda **how: [*live.from_iterable(**how)],
        {"iterable": [[0.0, 1.0]], "n_channels": 2, "rate": 50.0},
    ),
    "live.RawAudioSource": (
        lambda stream, **how: [
            *live.RawAudioSource(io.BytesIO(stream) if isinstance(stream, bytes) else stream, **how)
        ],
        {
            "stream": b"abcd",
            "sample_rate": 8000,
            "sample_format": "s16le",
            "channels": 1,
            "chunk": 10 * ms,
            "stall": 1.0,
        },
    ),
    "live.TcpSource": (
        live.TcpSource,
        {
            "n_channels": 2,
            "port": 0,
            "host": "127.0.0.1",
            "events": False,
            "buffer": 10,
            "when_full": "drop",
            "stall": 1.0,
        }
        | {"rate": 50.0, "reconnect": False, "max_length": 1000, "allow_remote": False},
    ),
    "live.packed_array": (
        live.packed_array,
        {"array": [0.0, 1.0], "sequence": 1, "kind": "float32", "n_channels": 2},
    ),
    "live.packed_array of events": (
        live.packed_array,
        {"array": [[0, 1]], "sequence": 1, "kind": "events", "n_channels": 2},
    ),
    "live.Parser": (lambda data, **how: live.Parser(**how).feed(data), {"data": b"ab", "max_length": 10}),
    "live.Answer": (
        lambda **how: live.Answer(**how).as_json(),
        {"time": 1.0, "label": "a", "scores": [0.5, 1.0]},
    ),
    "live.JsonLines": (
        lambda answer, **how: live.JsonLines(**how).write(answer),
        {"stream": io.StringIO(), "answer": live.Answer(0.0)},
    ),
    "live.TcpSink": (live.TcpSink, {"port": 5000, "host": "127.0.0.1", "stall": 1.0}),
    **{
        f"stream of {type(one).__name__} {k}": (
            partial(_streamed, one),
            {"frames": SIGNALS[0], "n_features": 2, "dt": 1 * ms, "rng": np.random.default_rng(1)},
        )
        for k, one in enumerate(STREAMED)
    },
    "stream of MelSpectrogram": (
        lambda samples, **how: lsm.audio.MelSpectrogram(**how).stream().advance(samples),
        {"samples": np.zeros(300), "sample_rate": 8000, "n_bands": 4, "hop": 10 * ms, "reference": -20.0},
    ),
    "Trim": (front_end(lsm.audio.Trim), {"X": SOUNDS, "db": 30, "hang_over": 0, "window": 5 * ms, "sample_rate": 8000}),
    "AdaptivePreEmphasis": (front_end(lsm.audio.AdaptivePreEmphasis), {"X": SOUNDS, "amount": 0.5}),
    "TiltTo": (
        front_end(lsm.audio.TiltTo),
        {"X": SOUNDS, "slope": -3.0, "f_min": 400.0, "f_max": 3200.0, "sample_rate": 8000},
    ),
    "SpectralSubtraction": (
        front_end(lsm.audio.SpectralSubtraction),
        {"X": SOUNDS, "factor": 2.0, "floor": 20.0, "quantile": 0.2, "window": 8 * ms, "sample_rate": 8000},
    ),
    "LateralInhibition": (
        front_end(lsm.audio.LateralInhibition),
        {"X": [np.full((4, 2), 0.5)], "amount": 0.5, "width": 8.0, "compression": 0.5},
    ),
    "MeanNormalisation": (
        front_end(lsm.audio.MeanNormalisation),
        {"X": [np.full((4, 2), 0.5)], "amount": 1.0, "tau": 0.1, "frame": 5 * ms},
    ),
    "perturb.Padding": (
        perturbed(lsm.perturb.Padding),
        {"X": SOUNDS, "before": 0.1, "after": 0.1, "random": True, "level": -40, "seed": 1},
    ),
    "perturb.Noise": (
        perturbed(lsm.perturb.Noise),
        {"X": SOUNDS, "snr": 10, "kind": "babble", "others": OTHERS, "voices": 2, "seed": 1},
    ),
    "perturb.Tilt": (perturbed(lsm.perturb.Tilt), {"X": SOUNDS, "slope": 6.0, "pivot": 1000.0}),
    "perturb.Gain": (perturbed(lsm.perturb.Gain), {"X": SOUNDS, "db": 6.0, "clip": True}),
    "perturb.Speed": (perturbed(lsm.perturb.Speed), {"X": SOUNDS, "factor": 1.1}),
    "perturb.Band": (perturbed(lsm.perturb.Band), {"X": SOUNDS, "low": 300.0, "high": 3400.0, "order": 4}),
    "perturb.LostSpikes": (perturbed(lsm.perturb.LostSpikes), {"X": STIMULUS, "p": 0.2, "seed": 1}),
    "perturb.JitteredSpikes": (perturbed(lsm.perturb.JitteredSpikes), {"X": STIMULUS, "sd": 5 * ms, "seed": 1}),
    "perturb.AddedSpikes": (perturbed(lsm.perturb.AddedSpikes), {"X": STIMULUS, "rate": 5 * Hz, "seed": 1}),
    "perturb.DeadNeurons": (perturbed(lsm.perturb.DeadNeurons), {"X": PROGRAM, "fraction": 0.2, "seed": 1}),
    "perturb.WeightNoise": (perturbed(lsm.perturb.WeightNoise), {"X": PROGRAM, "sd": 0.2, "seed": 1}),
    "perturb.WeightBits": (perturbed(lsm.perturb.WeightBits), {"X": PROGRAM, "bits": 4}),
    "perturb.Chain": (perturbed(lsm.perturb.Chain), {"X": SOUNDS, "steps": [lsm.perturb.Gain()]}),
    "perturb.level_of": (lsm.perturb.level_of, {"perturbation": lsm.perturb.Gain()}),
    "controls.stress": (
        lsm.controls.stress,
        {"model": lsm.LiquidClassifier(LIQUID, ENCODER), "X": SIGNALS, "y": LABELS, "cv": 2, "seeds": (0,)}
        | {"perturbations": {"lost": lsm.perturb.LostSpikes()}, "views": ("raw", "liquid"), "esn": {}, "groups": None}
        | {"train_with": [lsm.perturb.LostSpikes(seed=1)], "progress": False},
    ),
    "LiquidEnsemble.partial_fit": (
        lambda X, y, classes: lsm.LiquidEnsemble(
            [lsm.LiquidClassifier(LIQUID, ENCODER, lsm.Counts(1))], readout="incremental_ridge"
        ).partial_fit(X, y, classes),
        {"X": SIGNALS, "y": LABELS, "classes": [0, 1]},
    ),
    "start_encoder": (start_encoder, {"encoder": ENCODER, "n_features": 2, "dt": 1 * ms, "rng": None}),
    "start_features": (start_features, {"features": lsm.Counts(bins=2), "n_channels": 2, "dt": 1 * ms, "n_steps": 10}),
    "features of a stream": (
        lambda spikes, **how: start_features(lsm.Counts(bins=2), **how).advance(spikes),
        {"spikes": STIMULUS[:1], "n_channels": 2, "dt": 1 * ms, "n_steps": 10},
    ),
    "rescale.scale": (lsm.rescale.scale, {"liquid": LIQUID, "factor": 1.5, "which": "recurrent"}),
    "rescale.mean_rate": (lsm.rescale.mean_rate, {"liquid": LIQUID, "stimulus": STIMULUS, "backend": "fast"}),
    "rescale.to_spectral_radius": (lsm.rescale.to_spectral_radius, {"liquid": LIQUID, "radius": 0.5}),
    "measures.rates": (lsm.measures.rates, {"spikes": RESULT.spikes}),
    "measures.interval_cv": (lsm.measures.interval_cv, {"spikes": RESULT.spikes, "fewest": 2}),
    "measures.synchrony": (lsm.measures.synchrony, {"spikes": RESULT.spikes, "bin": 2 * ms}),
    "measures.branching_ratio": (lsm.measures.branching_ratio, {"spikes": RESULT.spikes, "bin": 1 * ms}),
    "measures.kernel_rank": (lsm.measures.kernel_rank, {"states": SIGNALS[:, 0], "tolerance": 0.1}),
    "measures.generalisation_rank": (lsm.measures.generalisation_rank, {"states": SIGNALS[:, 0]}),
    "measures.effective_dimension": (lsm.measures.effective_dimension, {"states": SIGNALS[:, 0]}),
    "measures.separation": (
        lsm.measures.separation,
        {"one": STIMULUS[:2], "other": STIMULUS[1:], "states": SIGNALS[:2, 0], "other_states": SIGNALS[2:4, 0]}
        | {"kernel": 5 * ms},
    ),
    "measures.van_rossum": (lsm.measures.van_rossum, {"spikes": STIMULUS, "tau": 5 * ms, "between": "samples"}),
    "measures.victor_purpura": (
        lsm.measures.victor_purpura,
        {"spikes": STIMULUS[0], "cost": 200 * Hz, "between": "channels"},
    ),
    "measures.memory_capacity": (
        lsm.measures.memory_capacity,
        {"states": NOISE[:, 1:], "series": NOISE[:, 0], "n_lags": 5, "washout": 5, "test": 0.4, "delay_horizon": 2.0},
    ),
    "measures.information_processing_capacity": (
        lsm.measures.information_processing_capacity,
        {"states": NOISE[:, 1:], "series": NOISE[:, 0], "lags": (5, 3), "washout": 5},
    ),
    "measures.lyapunov": (
        lsm.measures.lyapunov,
        {"network": LIQUID, "stimulus": STIMULUS, "start": 2 * ms, "window": 5 * ms, "backend": "fast"},
    ),
    "measures.fading_memory": (
        lsm.measures.fading_memory,
        {"network": LIQUID, "one": STIMULUS[:2], "other": STIMULUS[1:], "common": STIMULUS[:2], "tau": 5 * ms}
        | {"bin": 2 * ms, "n_threads": 1, "progress": False},
    ),
    "measures.all_of": (
        lsm.measures.all_of,
        {"liquid": LIQUID, "encoder": lsm.encode.Population(2, frame=5 * ms), "dt": 1 * ms, "rate": 50.0}
        | {
            "duration": 50 * ms,
            "n_stimuli": 3,
            "n_samples": 500,
            "n_lags": 5,
            "lags": (3,),
            "taus": (2.0,),
            "tau": 5 * ms,
        }
        | {"seed": 1, "backend": "fast", "n_threads": 1, "progress": False},
    ),
    "readout.ridge": (lsm.readout.ridge, {"task": "classify", "alphas": (1.0,), "soft": True}),
    "readout.centred_ridge": (lsm.readout.centred_ridge, {"task": "classify", "alphas": (1.0,)}),
    "Program.append": (
        PROGRAM.append,
        {"neurons": {"new": ARRAYS}, "inputs": {"more": 1}, "source": [2], "post": [8], "weight": [1.0], "delay": [0]},
    ),
    "deploy": (
        deploy,
        {"model": MODEL, "X": SIGNALS, "y": LABELS, "chip": "loihi2", "relays": True, "ramp": 255, "refit": False}
        | {"headroom": 1.5, "scale": None, "backend": "fast"},
    ),
    "Deployment.run": (
        lambda **how: DEPLOYED.run(**how),
        {"X": SIGNALS, "backend": "fast", "spikes": False, "n_threads": 1, "progress": False},
    ),
    "report_on": (
        report_on,
        {
            "made": DEPLOYED,
            "test": (SIGNALS, LABELS),
            "method": "auto",
            "n_chips": 1,
            "neurons_per_core": 20,
            "title": "t",
        },
    ),
    "verify (loads)": (verify, {"folder": "none", "backend": "fast"}),
    "spoken_vowels": (
        lsm.audio.spoken_vowels,
        {"vowels": "a", "pitch": 120.0, "tract": 1.0, "rng": np.random.default_rng(0), "sample_rate": 8000},
    ),
    "readout.rls": (
        lambda **how: fitted(lsm.readout.rls, SIGNALS.reshape(6, -1), **how),
        {"y": LABELS, "task": "classify", "forgetting": 0.99, "alpha": 1.0, "soft": True},
    ),
    "readout.lms": (
        lambda **how: fitted(lsm.readout.lms, SIGNALS.reshape(6, -1), **how),
        {"y": LABELS, "task": "classify", "rate": 0.1, "normalised": True, "soft": True},
    ),
    "readout.force": (lambda **how: fitted(lsm.readout.force, SIGNALS.reshape(6, -1), **how), {"alpha": 1.0}),
    "readout.incremental_ridge": (
        lambda **how: fitted(lsm.readout.incremental_ridge, SIGNALS.reshape(6, -1), **how),
        {"y": LABELS, "task": "regress", "alphas": (1.0, 10.0)},
    ),
    "streams.transform": (
        lsm.streams.transform,
        {
            "model": MODEL,
            "samples": SIGNALS,
            "path": "PATH",
            "chunk": 4,
            "dtype": "float32",
            "resume": True,
            "dask": None,
        }
        | {"max_memory": 1e12, "total": 6, "progress": False},
    ),
    "streams.record": (
        lsm.streams.record,
        {"network": LIQUID, "stimulus": STIMULUS, "path": "PATH", "spikes": True, "record": {"exc": ["v"]}}
        | {"record_steps": [0, 1], "trial": 0, "backend": "fast", "chunk": 2, "resume": True, "dask": None}
        | {"n_threads": 1, "total": 3, "progress": False},
    ),
    "streams.fit": (
        lambda readout, **how: lsm.streams.fit(copy.deepcopy(readout), **how),
        {"readout": lsm.readout.incremental_ridge(), "features": FEATURES, "y": LABELS, "progress": False},
    ),
    "streams.StoredFeatures, which loads": (lsm.streams.StoredFeatures, {"path": "PATH"}),
    "streams.StoredRecording, which loads": (lsm.streams.StoredRecording, {"path": "PATH"}),
    "learn_one of a regressor": (
        lambda x, y: lsm.readout.force().fit(SIGNALS[:, 0], LABELS).learn_one(x, y),
        {"x": SIGNALS[0, 0], "y": 1.0},
    ),
    "learn_one of a classifier": (
        lambda x, y: lsm.readout.rls().fit(SIGNALS[:, 0], LABELS).learn_one(x, y),
        {"x": SIGNALS[0, 0], "y": 1},
    ),
    "readout.fit": (
        lsm.readout.fit,
        {"readout": lsm.readout.ridge(), "X": SIGNALS.reshape(6, -1), "y": LABELS, "groups": [0, 0, 1, 1, 2, 2]},
    ),
    "controls.compare": (
        lsm.controls.compare,
        {"model": lsm.LiquidClassifier(LIQUID, ENCODER), "X": SIGNALS, "y": LABELS, "cv": 2, "seeds": (0,)}
        | {"views": ("raw", "liquid"), "esn": {}, "metric": "accuracy", "groups": None, "progress": False}
        | {"larger": lsm.LiquidClassifier(LIQUID, ENCODER)},
    ),
    "controls.paired_test": (
        lsm.controls.paired_test,
        {"one": np.zeros((1, 4)), "other": np.ones((1, 4)), "blocks": np.arange(4)},
    ),
    "deploy.map_program": (
        map_program,
        {"program": PROGRAM, "chip": "loihi2", "method": "auto", "n_chips": 1, "neurons_per_core": 4, "seed": 0},
    ),
    "deploy.Limit": (chips.Limit, {"name": "cores", "value": 1, "source": "a test", "trust": "U"}),
    "deploy.Chip": (
        chips.Chip,
        {"name": "a", "title": "A", "limits": chips.LOIHI2.limits, "word_kinds": ("neurons",)}
        | {"weight_bits": chips.LOIHI2.weight_bits, "index_bits": chips.LOIHI2.index_bits},
    ),
    "plot.raster": (lsm.plot.raster, {"spikes": RESULT.spikes, "sample": 0}),
    "plot.rates": (lsm.plot.rates, {"spikes": RESULT.spikes, "sample": 0}),
    "plot.traces": (lsm.plot.traces, {"result": RESULT, "group": "exc", "variable": "v", "sample": 0, "neurons": [0]}),
    "plot.synapse": (
        lsm.plot.synapse,
        {"plasticity": lsm.TsodyksMarkram(0.5, 1.0), "spikes": 20 * Hz, "source": 0, "unit": "ms"},
    ),
    "plot.weights": (lsm.plot.weights, {"program": PROGRAM}),
    "datasets.spike_templates": (lsm.datasets.spike_templates, {"n": 4, "segments": 2, "channels": 2, "seed": 1}),
    "datasets.word_sequences": (
        lsm.datasets.word_sequences,
        {"recordings": [lsm.audio.Recording(np.ones(9), 8000)] * 16, "labels": ["a", "b"] * 8, "groups": ["c"] * 16}
        | {"words": ["a", "b"], "question": "first", "length": 2, "gap": 0.0, "test_speakers": None}
        | {"n_train": 4, "n_test": 2, "seed": 1},
    ),
    "datasets.mackey_glass": (lsm.datasets.mackey_glass, {"n": 20, "tau": 17, "seed": 1}),
    "datasets.narma10": (lsm.datasets.narma10, {"n": 20, "seed": 1}),
    "datasets.lorenz": (lsm.datasets.lorenz, {"n": 20, "seed": 1}),
    "datasets.laser": (lsm.datasets.laser, {"n": 20, "seed": 1, "levels": True}),
    **{
        f"datasets.{function.__name__}": (function, {"n_train": 4, "n_test": 4, "seed": 1, "normalised": True})
        for function in (lsm.datasets.cylinder_bell_funnel, lsm.datasets.control_charts, lsm.datasets.two_patterns)
    },
}


def _wide(n: int) -> lsm.Liquid:
    return lsm.Liquid(
        [lsm.Inputs("in", n)], [lsm.Neurons("exc", 8, i_bias=60.0)], [lsm.Synapses("in", "exc", lsm.AllToAll())], seed=1
    )


def _plastic(**parameters: Any) -> lsm.Program:
    """Return the program of a liquid whose synapses have this plasticity."""
    synapses = lsm.Synapses("in", "exc", lsm.AllToAll(), stp=lsm.TsodyksMarkram(**parameters))
    return lsm.lower(lsm.Liquid(LIQUID.inputs, LIQUID.neurons, [synapses]), 1 * ms)


@pytest.fixture
def paths(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plt.close("all")


@pytest.mark.parametrize("call", CALLS)
def test_the_calls_that_are_spoilt_are_valid(call: str, paths: Any) -> None:
    function, arguments = CALLS[call]
    if "load" not in call:
        function(**_copied(arguments, paths))


def _copied(arguments: dict[str, Any], folder: Any) -> dict[str, Any]:
    """Return the arguments with copies of arrays and a path in the folder."""
    copies = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in arguments.items()}
    name = "a.py" if copies.get("path") == "PATH.py" else "a.npz"
    return copies | ({"path": str(folder / name)} if "path" in copies else {})


@pytest.fixture(autouse=True)
def _short_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure the processor for 5 ms instead of 0.3 s in each call that is right after all."""
    monkeypatch.setitem(measure_cpu.__kwdefaults__, "seconds", 0.005)


LONG = ("deploy.measure_cpu", "measures.all_of", "report_on")  # a valid call of these takes a tenth of a second


@pytest.mark.parametrize("call", [pytest.param(call, marks=pytest.mark.slow if call in LONG else ()) for call in CALLS])
def test_every_wrong_value_gives_an_error_of_lsm_sim(call: str, paths: Any) -> None:
    function, arguments = CALLS[call]
    wrong = []
    for name in arguments:
        for label, value in BAD.items():
            if name == "path" and isinstance(value, int) and not isinstance(value, bool):
                continue  # a file descriptor: opening it is what Python's open does too
            changed = _copied(arguments, paths) | {name: value}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    function(**changed)
            except lsm.LsmError as error:
                text = str(error)
                if "\n" in text or not 10 < len(text) < 700:
                    wrong.append(f"{call}({name}={label}): message of {len(text)} characters: {text[:100]!r}")
            except Exception as error:
                where = inspect.trace()[-1]
                wrong.append(
                    f"{call}({name}={label}): {type(error).__name__}: {str(error)[:90]} ({where.filename[-40:]}:{where.lineno})"
                )
            plt.close("all")
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong])
