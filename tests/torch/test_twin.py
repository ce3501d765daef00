"""A twin spikes as every engine does, whatever its parameters become, and goes back to a program or a liquid."""

import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.testing import RandomCases, answer, available, random_program
from lsm_sim.testing.programs import EXTRA_ARRAYS

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import FastSigmoid, Triangle, Twin  # noqa: E402
from tests.torch.small import small_liquid  # noqa: E402

CASES = RandomCases("float64", supports={*EXTRA_ARRAYS, "graded"}, max_steps=40)
ARRAYS = ("decay_u", "decay_v", "threshold", "bias", "u0", "v0", "decay_u2", "decay_w", "jump")
WEIGHTS, DELAYS = ("input_weight", "recurrent_weight"), ("input_delay", "recurrent_delay")
STP = ("stp_U", "stp_decay_rec", "stp_decay_facil")
DT = 1 * ms


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def everything(program):
    """Return the names of all that can be trained in a program."""
    plastic = any(block.rule == "stp" for block in program.blocks)
    own = [name for name in ARRAYS if name in program.arrays]
    return [*WEIGHTS, *DELAYS, *own, *(STP if plastic else ())]


def disturb(twin, seed, size=0.1):
    """Change every parameter at random, as training does."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in twin.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype).to(parameter.device)
            parameter += size * noise * (parameter.abs().mean() + 0.01 if parameter.numel() else 0)
        for name, parameter in twin.named_parameters():
            if name.endswith("_delay"):  # by more than a step, and beyond the ends
                parameter += 3 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype).to(
                    parameter.device
                )
    return twin.clamp_()


def check_same(twin, program, stimulus, engine, label):
    """Compare the spikes of the twin, and the traces, with those of an engine."""
    outcome = answer(engine, program, stimulus)
    inputs, mask = twin.events(stimulus)
    spikes = twin(inputs, mask).detach().cpu().numpy()
    traces = {name: value.cpu().numpy() for name, value in twin.traces(inputs).items()}
    for b in range(len(stimulus)):
        n = int(stimulus.n_steps[b])
        assert np.array_equal(spikes[b, :n], outcome.spikes.raster(b)), f"{label}, sample {b}"
        assert not spikes[b, n:].any(), label
        for name, values in traces.items():
            assert np.array_equal(values[b, :n], outcome.traces[name][b]), f"{label}, sample {b}, {name}"


class TestSpikes:
    @pytest.mark.parametrize(
        "seeds",
        [range(10), range(10, 20), pytest.param(range(20, 40), marks=pytest.mark.slow)],
        ids=lambda s: f"seeds {s[0]}-{s[-1]}",
    )
    def test_are_those_of_the_reference_at_the_start_and_after_training(self, reference, seeds):
        for seed in seeds:
            case = CASES(seed)
            stimulus = plain_events(case.program, case.stimulus)
            longest = (case.program.max_delay + 3) * case.program.dt
            own = {"train": everything(case.program), "max_delay": longest}
            twin = Twin(case.program, weight_bits=(None, None, 8, 16)[seed % 4], **own)
            if twin.weight_bits is None:
                assert twin.program().digest == case.program.digest, case.label
            check_same(twin, twin.program(), stimulus, reference, case.label)
            disturb(twin, seed)
            check_same(twin, twin.program(), stimulus, reference, f"{case.label}, disturbed")

    def test_differ_little_in_single_precision(self, liquid, stimulus):
        exact, rough = (Twin(liquid, DT, dtype) for dtype in (torch.float64, torch.float32))
        spikes = exact(*exact.events(stimulus)), rough(*rough.events(stimulus))
        assert spikes[1].dtype == torch.float32
        assert spikes[0].sum() > 0
        assert (spikes[0] != spikes[1]).double().mean() < 0.01

    def test_do_not_depend_on_the_rest_of_the_batch(self, liquid, stimulus):
        twin = Twin(liquid, DT)
        inputs, mask = twin.events(stimulus)
        together = twin(inputs, mask)
        for b in range(len(inputs)):
            assert torch.equal(together[b : b + 1], twin(inputs[b : b + 1], mask[b : b + 1]))


def check_written_back(twin, stimulus, name):
    """Compare the spikes of a twin with those of an engine that runs its liquid."""
    spikes = twin(*twin.events(stimulus)).detach().numpy()
    program = lsm.lower(twin.liquid(), DT, weight_bits=twin.weight_bits)
    written = lsm.run(program, stimulus, backend=available(name), progress=False)
    for b in range(len(stimulus)):
        assert np.array_equal(spikes[b, : stimulus.n_steps[b]], written.spikes.raster(b))
    assert spikes.sum() > 50


def plain_events(program, stimulus):
    """Return a stimulus without payloads of 0 where a block is plastic: a dense input cannot say that such a source sends."""
    if stimulus.payload is None or not any(block.rule == "stp" for block in program.blocks):
        return stimulus
    kept = stimulus.payload != 0
    offsets = np.concatenate([[0], np.cumsum(np.bincount(stimulus.sample[kept], minlength=len(stimulus)))])
    own = stimulus.step[kept], stimulus.channel[kept], offsets, stimulus.n_steps, stimulus.n_channels, stimulus.dt
    return lsm.Spikes(*own, payload=stimulus.payload[kept])


@pytest.fixture(scope="module")
def liquid():
    groups = [
        lsm.Neurons("exc", 24, tau_m=lsm.Uniform(20 * ms, 40 * ms), t_ref=2 * ms, sign=1, v_rest=0.1, v_reset=-0.1),
        lsm.Neurons("inh", 8, tau_m=30 * ms, tau_syn_inh=8 * ms, sign=-1, tau_adapt=100 * ms, adapt_step=0.1),
    ]
    plastic = lsm.TsodyksMarkram(U=lsm.Uniform(0.2, 0.6), tau_rec=0.3)
    fixed = lsm.FixedProbability(0.3)
    return lsm.Liquid(
        inputs=[lsm.Inputs("in", 10)],
        neurons=groups,
        synapses=[
            lsm.Synapses("in", ("exc", "inh"), fixed, weight=lsm.Normal(0.3, 0.1), receptor="exc"),
            lsm.Synapses("exc", ("exc", "inh"), fixed, 0.2, lsm.Uniform(1 * ms, 5 * ms), stp=plastic),
            lsm.Synapses("exc", "exc", lsm.FixedInDegree(2), weight=0.1),
            lsm.Synapses("inh", ("exc", "inh"), fixed, weight=-0.3),
        ],
        seed=1,
    )


@pytest.fixture(scope="module")
def stimulus():
    return lsm.encode.poisson([np.full((n, 10), 0.5) for n in (60, 35)], max_rate=200 * Hz, dt=DT, seed=3)


TIMES = ("decay_u", "decay_v", "threshold", "bias", "decay_u2", "decay_w", "jump")


class TestTheWayBack:
    @pytest.mark.parametrize("bits", [None, 16, 8, 4])
    def test_a_liquid_gives_the_program_again_to_the_bit(self, liquid, bits):
        twin = Twin(liquid, DT, weight_bits=bits)
        assert lsm.lower(twin.liquid(), DT, weight_bits=bits) == lsm.lower(liquid, DT, weight_bits=bits)
        disturb(twin, 1, 0.5)
        program, back = twin.program(), lsm.lower(twin.liquid(), DT, weight_bits=bits)
        assert (program.difference(back), program.digest) == (None, back.digest)
        assert program.digest != lsm.lower(liquid, DT, weight_bits=bits).digest

    def test_so_do_trained_parameters_of_neurons(self, liquid):
        twin = Twin(liquid, DT, train=("input_weight", "recurrent_weight", *TIMES))
        disturb(twin, 2, 0.02)
        program, back = twin.program(), lsm.lower(twin.liquid(), DT, weight_bits=None)
        assert (program.difference(back), program.digest) == (None, back.digest)
        assert (program.decay_v != lsm.lower(liquid, DT).decay_v).any()

    def test_so_do_trained_delays_also_of_synapses_side_by_side(self, liquid):
        again = [lsm.Synapses("exc", "exc", lsm.FixedProbability(0.3), weight=0.05, delay=3 * ms)]  # beside others
        twin = Twin(dataclasses.replace(liquid, synapses=[*liquid.synapses, *again]), DT, train=(*WEIGHTS, *DELAYS))
        start = twin.program()
        disturb(twin, 5)
        program, back = twin.program(), lsm.lower(twin.liquid(), DT, weight_bits=None)
        assert (program.difference(back), program.digest) == (None, back.digest)
        assert (program.delay != start.delay).any()
        assert program.max_delay == start.max_delay
        assert sorted(set(program.more_blocks[-1].delay)) == [0, 1, 2, 3, 4]

    def test_delays_that_are_not_trained_keep_their_seconds(self, liquid):
        twin = disturb(Twin(liquid, DT, train="input_delay", max_delay=4 * ms), 5)
        before, after = (lsm.lower(one, 0.1 * ms, weight_bits=None) for one in (liquid, twin.liquid()))
        recurrent = before.sources() >= before.n_inputs
        assert np.array_equal(before.synapses().delay[recurrent], after.synapses().delay[recurrent])
        assert set(after.synapses().delay[~recurrent]) == {9, 19, 29, 39}  # whole steps of 1 ms

    @pytest.mark.parametrize("name", [pytest.param("fast", marks=pytest.mark.slow), "brian2", "lava"])  # fast compiles
    def test_every_engine_spikes_as_the_twin_does(self, liquid, stimulus, name):
        own = {"train": (*WEIGHTS, *DELAYS, *TIMES), "max_delay": 8 * ms}
        check_written_back(disturb(Twin(liquid, DT, weight_bits=8, **own), 3, 0.02), stimulus, name)

    def test_the_compiled_engine_does_for_plain_neurons(self, stimulus):
        own = {"train": (*WEIGHTS, *DELAYS, "decay_u", "decay_v", "threshold", "bias"), "max_delay": 8 * ms}
        check_written_back(disturb(Twin(small_liquid(10), DT, weight_bits=8, **own), 3, 0.02), stimulus, "fast")

    def test_other_bits_can_be_asked_for(self, liquid):
        twin = Twin(liquid, DT)
        assert twin.program(weight_bits=4) == lsm.lower(twin.liquid(weight_bits=4), DT, weight_bits=4)
        assert len(np.unique(np.abs(twin.program(weight_bits=4).weight))) <= 8

    def test_clamping_keeps_the_signs_of_groups(self, liquid):
        twin = disturb(Twin(liquid, DT), 4, 2.0)
        for group in lsm.lower(twin.liquid(), DT, weight_bits=None).projections():
            weight = twin.program().synapses().weight[group.index]
            assert (weight >= 0).all() if group.pre == "exc" else (weight <= 0).all() if group.pre == "inh" else True

    def test_weights_that_break_the_signs_are_refused_or_the_signs_go(self, liquid):
        twin = disturb(Twin(liquid, DT, dale=False), 4, 2.0)
        with pytest.raises(DescriptionError, match=r"from 'exc', whose sign is \+1 .*break Dale's law.*call clamp_"):
            twin.liquid()
        free = lsm.lower(twin.liquid(keep_signs=False), DT, weight_bits=None)
        assert (free.difference(twin.program()), free.digest) == (None, twin.program().digest)

    def test_a_program_has_no_liquid(self, liquid):
        with pytest.raises(UnsupportedError, match=r"made of a program; use program\(\)"):
            Twin(lsm.lower(liquid, DT)).liquid()

    def test_trained_plasticity_has_no_liquid(self, liquid):
        with pytest.raises(UnsupportedError, match="trained short-term plasticity has no way back"):
            Twin(liquid, DT, train="stp_U").liquid()


class TestTraining:
    def test_a_few_steps_bring_the_rates_to_a_target(self, liquid, stimulus):
        twin = Twin(liquid, DT, torch.float32, train=("input_weight", "recurrent_weight"))
        optimiser = torch.optim.Adam(twin.parameters(), lr=2e-2)
        inputs, mask = twin.events(stimulus)
        losses = []
        for _ in range(20):
            optimiser.zero_grad()
            loss = ((twin(inputs, mask).sum(1) / mask.sum(1, keepdim=True) - 0.02) ** 2).mean()
            loss.backward()
            optimiser.step()
            twin.clamp_()
            losses.append(float(loss.detach()))
        assert losses[-1] < losses[0] / 2

    def test_delays_learn_to_let_spikes_meet(self):
        """Two channels send 6 steps apart, and the neuron spikes only if both arrive together."""
        liquid = lsm.Liquid(
            inputs=[lsm.Inputs("in", 2)],
            neurons=[lsm.Neurons("out", 1, tau_m=3 * ms, tau_syn=3 * ms)],
            synapses=[lsm.Synapses("in", "out", lsm.AllToAll(), weight=1.45, delay=1 * ms)],
        )
        twin = Twin(liquid, DT, train="input_delay", max_delay=10 * ms)
        inputs = torch.zeros(1, 40, 2, dtype=torch.float64)
        inputs[0, 5, 0] = inputs[0, 11, 1] = 1
        assert not twin(inputs).any()
        optimiser = torch.optim.Adam(twin.parameters(), lr=0.2)
        for _ in range(40):
            optimiser.zero_grad()
            (-twin(inputs).sum()).backward()
            optimiser.step()
            twin.clamp_()
        assert twin(inputs).any()
        first, second = lsm.lower(twin.liquid(), DT).delay
        assert 4 <= first - second <= 8

    def test_padding_has_no_gradient(self, liquid, stimulus):
        twin = Twin(liquid, DT)
        inputs, mask = twin.events(stimulus)
        short = int(stimulus.n_steps.min())
        gradients = []
        for given in ((inputs[1:], mask[1:]), (inputs[1:, :short], mask[1:, :short])):
            twin.zero_grad()
            twin(*given).sum().backward()
            gradients.append(twin.recurrent_weight.grad.clone())
        assert torch.allclose(*gradients, rtol=1e-12, atol=0)
        assert gradients[0].abs().sum() > 0

    def test_only_what_is_named_is_trained(self, liquid):
        assert [name for name, _ in Twin(liquid, DT, train=("threshold",)).named_parameters()] == ["threshold"]
        names = [name for name, _ in Twin(liquid, DT, train=("stp_U", "input_weight")).named_parameters()]
        assert names == ["stp_U_0", "input_weight"]

    def test_surrogates_differ_in_gradients_only(self, liquid, stimulus):
        found = []
        for surrogate in (FastSigmoid(5), FastSigmoid(25), Triangle()):
            twin = Twin(liquid, DT, surrogate=surrogate)
            spikes = twin(*twin.events(stimulus))
            spikes.sum().backward()
            found.append((spikes.detach(), twin.input_weight.grad))
        assert all(torch.equal(found[0][0], spikes) for spikes, _ in found)
        assert len({float(gradient.sum()) for _, gradient in found}) == 3

    def test_states_are_saved_and_loaded(self, liquid, tmp_path):
        twin = disturb(Twin(liquid, DT), 1)
        torch.save(twin.state_dict(), tmp_path / "twin.pt")
        other = Twin(liquid, DT)
        other.load_state_dict(torch.load(tmp_path / "twin.pt"))
        assert other.program() == twin.program()


class TestBadInput:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_is_refused_with_the_reason(self, liquid, dtype):
        with pytest.raises(UnsupportedError, match=r"are too few for sums of weights; use torch\.float32"):
            Twin(liquid, DT, dtype)

    def test_a_program_without_gradient_is_named(self):
        program = random_program(np.random.default_rng(0), "loihi")
        with pytest.raises(UnsupportedError, match=r"loihi arithmetic, whose integers have no gradient"):
            Twin(program)

    def test_background_noise_cannot_be_written_back(self, liquid):
        noisy = dataclasses.replace(liquid, background=lsm.Background("exc", rate=100 * Hz, weight=0.1))
        with pytest.raises(UnsupportedError, match=r"background noise.*use Twin\(lower\(liquid, dt\)\)"):
            Twin(noisy, DT)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"network": 3}, "Twin network: got int, expected a Program or a Liquid"),
            ({"dt": None}, "Twin dt: got None, expected the step in seconds for a Liquid"),
            ({"dtype": torch.int64}, r"Twin dtype: got torch\.int64"),
            ({"surrogate": 5}, "Twin surrogate: got 5, expected a function"),
            ({"train": ["delay"]}, "Twin train: got 'delay', expected some of: input_weight"),
            ({"train": ["u0"]}, "Twin train: got 'u0'"),
            (
                {"max_delay": 5 * ms},
                "Twin max_delay: got 0.005, but no delay is trained; add 'recurrent_delay' to train",
            ),
            (
                {"train": "recurrent_delay", "max_delay": 3 * ms},
                "got 0.003 s, but a synapse that is trained has a delay of 0.005 s",
            ),
            (
                {"train": "input_delay", "max_delay": 1 * ms},
                "no delay can change, as the longest is one step of 0.001 s",
            ),
            ({"train": "input_delay", "max_delay": 2000}, "got 2000 s, expected at most 1048576 steps"),
            ({"train": "input_delay", "max_delay": -1}, "Twin max_delay: got -1"),
            ({"device": "tpu"}, "Twin device: got 'tpu', expected 'cpu', 'cuda' or a card such as 'cuda:1'"),
            ({"device": 1.5}, "Twin device: got 1.5, expected 'cpu'"),
            ({"device": "cuda:99"}, r"Twin device: got 'cuda:99', but PyTorch finds \d+ cards here; use 'cpu'"),
            ({"dale": 3}, "Twin dale: got 3"),
            ({"weight_bits": 1}, "Twin weight_bits: got 1, expected"),
        ],
    )
    def test_wrong_arguments_are_named(self, liquid, arguments, message):
        with pytest.raises(DescriptionError, match=message):
            Twin(**({"network": liquid, "dt": DT} | arguments))

    def test_another_step_than_that_of_the_program_is_refused(self, liquid):
        with pytest.raises(DescriptionError, match=r"Twin dt: got 0\.002 s, but the program has steps of 0\.001 s"):
            Twin(lsm.lower(liquid, DT), 2 * ms)

    def test_wrong_inputs_are_named(self, liquid):
        twin = Twin(liquid, DT)
        for inputs, message in (
            (np.zeros((1, 5, 10)), r"Twin inputs: got ndarray, expected a tensor \(B, T, C\)"),
            (torch.zeros(1, 5, 9), r"Twin inputs: got shape \(1, 5, 9\), expected \(B, T, 10\)"),
            (torch.full((1, 5, 10), torch.nan), "not finite"),
        ):
            with pytest.raises(DescriptionError, match=message):
                twin(inputs)
        with pytest.raises(DescriptionError, match=r"Twin mask: got shape \(1, 4\), expected \(1, 5\)"):
            twin(torch.zeros(1, 5, 10), torch.ones(1, 4))

    def test_a_parameter_that_is_not_finite_is_named(self, liquid):
        twin = Twin(liquid, DT)
        with torch.no_grad():
            twin.input_weight[0] = torch.nan
        with pytest.raises(DescriptionError, match="Twin input_weight: got a value that is not finite"):
            twin.program()

    def test_another_type_of_its_parameters_is_refused(self, liquid):
        with pytest.raises(DescriptionError, match=r"changed to torch\.float32 on cpu.*make a new Twin"):
            Twin(liquid, DT).float()(torch.zeros(1, 5, 10))
