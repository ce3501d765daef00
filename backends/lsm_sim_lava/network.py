"""Build a Lava network for a program and run it. Imported only by the worker, after `lava_import`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.lif.process import LIF, LIFRefractory
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode
from scipy.sparse import csr_matrix

from lsm_sim.dynamics.loihi import split_bias
from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_lava import plan as plans
from lsm_sim_lava import states
from lsm_sim_lava.plan import SLOTS, Layer, Plan
from lsm_sim_lava.processes import neurons as neuron_models
from lsm_sim_lava.processes import synapses as synapse_models
from lsm_sim_lava.processes.events import Events, GradedEvents
from lsm_sim_lava.processes.in_flight import InFlight
from lsm_sim_lava.recorder import Recording

TAGS = {"float64": "floating_pt", "loihi": "fixed_pt"}
_RECORDING: dict[str, dict[Any, Any]] = {
    "float64": {LIF: neuron_models.RecordingLifFloat, LIFRefractory: neuron_models.RecordingLifRefractory},
    "loihi": {LIF: neuron_models.RecordingLifFixed},
}
_QUICK: dict[str, dict[Any, Any]] = {
    "float64": {Sparse: synapse_models.QuickSparseFloat, DelaySparse: synapse_models.QuickDelaySparseFloat},
    "loihi": {Sparse: synapse_models.QuickSparseFixed, DelaySparse: synapse_models.QuickDelaySparseFixed},
}


def run(
    program: Program, stimulus: Spikes, recording: Recording, *, stock_synapses: bool, state: State | None = None
) -> None:
    """Run all samples together, as copies of the network; the neurons write the requested data into files."""
    held = state is not None and bool(state.hold.any())
    bits = plans.message_bits(stimulus)
    plan = plans.plan(program, message_bits=bits, excursions=recording.excursions, held=held)
    neurons = build(program, stimulus, recording, plan, state=state)
    models = _RECORDING[program.arithmetic] | ({} if stock_synapses else _QUICK[program.arithmetic])
    config = Loihi2SimCfg(select_tag=TAGS[program.arithmetic], exception_proc_model_map=models)
    neurons.run(
        condition=RunSteps(num_steps=recording.n_steps), run_cfg=config, compile_config={"pypy_channel_size": SLOTS}
    )
    neurons.stop()  # not after an error: it may wait for ever, while the parent ends this process anyway


def build(
    program: Program,
    stimulus: Spikes,
    recording: Recording,
    plan: Plan,
    entry: Callable[[Any], Any] = lambda events: events.s_out,
    state: State | None = None,
) -> Any:
    """Return the neurons, connected to everything else; ``entry`` returns the output port of the source of events."""
    copies = len(stimulus)
    neurons = _neurons(program, plan.neurons, stimulus, recording, state)
    if state is not None:
        _connect_in_flight(program, state, neurons)
    events = source = None
    for layer in plan.layers:
        if layer.pre.size == 0:
            continue
        n_pre = program.n_inputs if layer.from_inputs else program.n_neurons
        many = plans.replicated(layer, n_pre, program.n_neurons, copies)
        many = many if state is None else states.resumed(many, program, state)
        synapses = _synapses(many, n_pre * copies, program.n_neurons * copies, program.arithmetic)
        if layer.from_inputs:
            if events is None:
                events = _events(stimulus, recording.n_steps)
                source = entry(events)
            _connect_input(layer, events, source, synapses)
        else:
            neurons.s_out.connect(synapses.s_in)
        synapses.a_out.connect(neurons.a2_in if layer.receptor else neurons.a_in)
    return neurons


def _connect_in_flight(program: Program, state: State, neurons: Any) -> None:
    """Connect a source of what was in flight to each receptor where something was."""
    number = np.float64 if program.arithmetic == "float64" else np.int32
    for receptor in range(program.n_receptors):
        arrivals = states.in_flight(state, receptor)
        if arrivals.any():
            source = InFlight(arrivals=arrivals.astype(number))
            source.a_out.connect(neurons.a2_in if receptor else neurons.a_in)


def _connect_input(layer: Layer, events: Any, source: Any, synapses: Any) -> None:
    """Connect the source of events to synapses; short-term plasticity also counts events whose payload is 0."""
    if layer.plastic and layer.message_bits:
        events.event_out.connect(synapses.s_in)
        source.connect(synapses.payload_in)
    else:
        source.connect(synapses.s_in)


def _events(stimulus: Spikes, n_steps: int) -> Any:
    """Return the source of the events of all samples, with separate channels for each sample."""
    channel = stimulus.channel + stimulus.sample * stimulus.n_channels
    order = np.argsort(stimulus.step, kind="stable")
    offsets = np.searchsorted(stimulus.step[order], np.arange(n_steps + 1))
    form: dict[str, Any] = {
        "n_channels": stimulus.n_channels * len(stimulus),
        "channel": channel[order],
        "offsets": offsets,
    }
    return Events(**form) if stimulus.payload is None else GradedEvents(**form, payload=stimulus.payload[order])


def _neurons(program: Program, process: str, stimulus: Spikes, recording: Recording, state: State | None) -> Any:
    p = {name: np.tile(array, len(stimulus)) for name, array in program.arrays.items()}
    if process in ("Neurons", "TwoCurrentNeurons"):
        own = getattr(neuron_models, process)
        begin = None if state is None else states.of_neurons(program, state)
        return own(parameters=p, n_steps=stimulus.n_steps, recording=recording, begin=begin)
    begin = states.of_neurons(program, State.start(program, len(stimulus)) if state is None else state)
    start = {name: begin[name] for name in program.state if begin[name].any()}
    common: dict[str, Any] = {"shape": p["threshold"].shape, "vth": p["threshold"]} | start
    if program.arithmetic == "loihi":
        mantissa, exponent = split_bias(p["bias"])
        stock = LIF(**common, du=p["du"], dv=p["dv"], bias_mant=mantissa, bias_exp=exponent)
    else:
        common |= {"du": 1 - p["decay_u"], "dv": 1 - p["decay_v"], "bias_mant": p["bias"]}
        if process == "LIFRefractory":
            common |= {"dv": common["dv"][:1], "refractory_period": int(program.refractory[0])}
        stock = LIFRefractory(**common) if process == "LIFRefractory" else LIF(**common)
    stock.proc_params["recording"] = recording
    return stock


def _synapses(layer: Layer, n_pre: int, n_post: int, arithmetic: str) -> Any:
    graded = layer.message_bits > 0
    if layer.plastic is not None:
        wide = np.float64 if arithmetic == "float64" else np.int64  # holds products before they are divided
        table = plans.table(layer, layer.plastic.source.size, n_post, wide)
        return synapse_models.PlasticSynapses(table=table, plastic=layer.plastic, n_sources=n_pre, graded=graded)
    if layer.process == "Synapses":
        number = np.float64 if arithmetic == "float64" else np.int32
        return synapse_models.Synapses(table=plans.table(layer, n_pre, n_post, number), graded=graded)
    where, shape = (layer.post, layer.pre), (n_post, n_pre)
    weights = csr_matrix((layer.weight, where), shape=shape)
    options: dict[str, Any] = {"num_message_bits": layer.message_bits} if graded else {}
    if arithmetic == "loihi":
        mode = SignMode.INHIBITORY if layer.weight[0] < 0 else SignMode.EXCITATORY
        options |= {"weight_exp": layer.exponent, "num_weight_bits": 8, "sign_mode": mode}
    if layer.process == "Sparse":
        return Sparse(weights=weights, **options)
    delays = csr_matrix((layer.delay, where), shape=shape)
    return DelaySparse(weights=weights, delays=delays, **options)
