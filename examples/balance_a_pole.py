"""Balance a pole
==============

Balance a pole with a liquid that runs live, and a readout that learns from a teacher while it pushes.

The cart and pole of A. G. Barto, R. S. Sutton and C. W. Anderson (IEEE Transactions on Systems, Man, and Cybernetics 13, 834-846,
1983), as in gymnasium's CartPole-v1: every 20 ms the cart is pushed to the left or to the right. The readout learns the force of
a linear-quadratic regulator, its teacher. First the teacher pushes; then the readout pushes and still learns what the teacher would
have done; then it is alone and learns no more.

If all four observations are known, the next push needs no memory, and the liquid adds nothing: ridge regression on the observations
holds the pole, too. If the two velocities are hidden, the liquid's memory of positions and pushes replaces them. Two observations
instead of one replace them as well. All settings were chosen on other seeds, 100 to 103.
"""

import gymnasium  # pip install 'lsm-sim[control]'
import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.learn.online import RLSRegressor

SEEDS, STEPS = (0, 1, 2, 3, 4), 200
TEACHER, CORRECTED, ALONE = 5, 5, 5  # episodes
RANDOM = 0.2  # share of random pushes while the readout learns, so that it sees more than a pole at rest
DT, PERIOD = 1 * ms, 20 * ms
SCALE = np.array(
    [0.6, 1.0, 0.1, 1.5, 1.0]
)  # position (m), velocity (m/s), angle (rad), angular velocity (rad/s), last push
GAIN = np.array(
    [0.91, 2.13, 30.6, 7.84]
)  # N per unit: the regulator of the linear equations, all costs 1, steps of 20 ms
ALL, HIDDEN = (0, 1, 2, 3), (0, 2, 4)  # what the readout may know; HIDDEN: the position, the angle, and the last push


def liquid(n_inputs, seed, n_neurons=180):
    """Return neurons with faster and slower synapses and different delays; the memory is in these, nothing is recurrent."""
    neurons, synapses = [], []
    for tau_syn in (5 * ms, 20 * ms, 40 * ms):
        name = f"{tau_syn / ms:g} ms"
        neurons.append(lsm.Neurons(name, n_neurons // 3, tau_m=10 * ms, tau_syn=tau_syn, t_ref=2 * ms))
        size = 16 * ms / tau_syn  # slower synapses add up more spikes
        weight = lsm.Normal(0.35 * size, size)
        synapses.append(lsm.Synapses("input", name, lsm.FixedInDegree(6), weight, delay=lsm.Uniform(1 * ms, 80 * ms)))
    return lsm.Liquid([lsm.Inputs("input", n_inputs)], neurons, synapses, seed)


class Observations:
    """The last ``n`` observations, as they are."""

    def __init__(self, seen, n=1):
        self.seen, self.n = list(seen), n

    def reset(self):
        self.past = []

    def __call__(self, observation):
        now = observation[self.seen]
        self.past = [now, *(self.past or [now] * self.n)][: self.n]
        return np.concatenate(self.past)


class Traces:
    """Traces of the encoder's spikes, or of those of a liquid that runs live behind it, at the end of each period."""

    def __init__(self, seen, tau=20 * ms, network=None):
        self.seen = list(seen)
        self.encoder = lsm.encode.Population(n=6, low=-1, high=1, max_rate=400 * Hz, frame=PERIOD)
        n = self.encoder.n_channels(len(self.seen))
        self.session = None if network is None else lsm.open(network(n), dt=DT)
        self.features = lsm.Traces(tau).stream(n if network is None else self.session.program.n_neurons, DT)

    def reset(self):
        self.stream = self.encoder.stream(len(self.seen), DT)
        self.features.reset()
        if self.session is not None:
            self.session.reset()

    def __call__(self, observation):
        spikes = self.stream.advance(observation[self.seen])  # 20 steps of 1 ms
        if self.session is not None:
            spikes = self.session.advance(spikes)
        self.features.advance(spikes)
        return self.features.now()


def held(env, view, readout, rng, seed, *, teacher=False, learns=False):
    """Run an episode and return for how many periods the pole was held."""
    observed, _ = env.reset(seed=seed)
    view.reset()
    push, steps, over = 0, 0, False
    while not over:
        x = view(np.append(observed, push) / SCALE)
        force = float(np.clip(GAIN @ observed, -10, 10))
        right = force > 0 if teacher else readout.predict_one(x) > 0
        if learns:
            readout.learn_one(x, force)
            right = rng.random() < 0.5 if rng.random() < RANDOM else right
        push = 1 if right else -1
        observed, _, fell, ended, _ = env.step(int(right))
        steps, over = steps + 1, fell or ended
    return steps


def balance(view, seed, teacher=TEACHER, corrected=CORRECTED, alone=ALONE, steps=STEPS):
    """Train a readout of this view and return how long it holds the pole alone, the mean over episodes."""
    env, rng = gymnasium.make("CartPole-v1", max_episode_steps=steps), np.random.default_rng(seed)
    view.reset()
    at_rest = view(np.zeros(len(SCALE)))
    readout = RLSRegressor().fit(at_rest[None], [0.0])  # no force where all is 0
    seeds = iter(range(1000 * seed, 1000 * seed + teacher + corrected + alone))
    for k in range(teacher + corrected):
        held(env, view, readout, rng, next(seeds), teacher=k < teacher, learns=True)
    return np.mean([held(env, view, readout, rng, next(seeds)) for _ in range(alone)])


VIEWS = {  # what the readout is given: of the liquid, and of the controls
    "liquid": lambda seen, seed: Traces(seen, network=lambda n: liquid(n, seed)),
    "encoder": lambda seen, _: Traces(seen),
    "encoder, traces of 100 ms": lambda seen, _: Traces(seen, tau=100 * ms),
    "observation": lambda seen, _: Observations(seen),
    "last two observations": lambda seen, _: Observations(seen, n=2),
}


def main():
    print(f"steps of {STEPS} that the pole is held, mean of {ALONE} episodes alone, for each of {len(SEEDS)} seeds")
    for title, seen in (("all observations", ALL), ("velocities hidden", HIDDEN)):
        print(title)
        for name, view in VIEWS.items():
            found = [balance(view(seen, seed), seed) for seed in SEEDS]
            print(f"  {name:<27}{np.mean(found):6.1f}   {' '.join(f'{steps:5.1f}' for steps in found)}", flush=True)


if __name__ == "__main__":
    main()
