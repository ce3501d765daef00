"""Deploy spoken words to Loihi
============================

Spoken words on Loihi: train, deploy liquid and readout as one program, verify it on Lava's simulator, write the report.

`lava_deploy_words.py FOLDER` reads recordings named digit_speaker_number.wav, such as those of the Free Spoken Digit Dataset
(github.com/Jakobovski/free-spoken-digit-dataset), with its upstream split. Without a folder it synthesises words of two vowels.
"""

import sys

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.audio import FORMANTS, MelSpectrogram, Recording, spoken_vowels
from lsm_sim.datasets import fsdd
from lsm_sim.deploy import deploy, report_on, verify

RATE, SEED = 8000, 5
WORDS = [one + two for one in FORMANTS for two in FORMANTS if one != two]


def words(rng):
    """Return words of eight voices, and which word each is."""
    voices = [(rng.uniform(90, 220), rng.uniform(0.8, 1.2)) for _ in range(8)]
    said = [(w, voice) for w in range(len(WORDS)) for voice in voices for _ in range(4)]
    sounds = [spoken_vowels(WORDS[w], *voice, rng, RATE) for w, voice in said]
    noisy = [sound / np.abs(sound).max() + 0.02 * rng.normal(size=len(sound)) for sound in sounds]
    return [Recording(sound, RATE) for sound in noisy], np.array([w for w, _ in said])


if len(sys.argv) > 1:
    data = fsdd(sys.argv[1])
    train, test = ([x for x, held in zip(data.X, data.split, strict=True) if held == part] for part in (False, True))
    y, wanted = data.y[~data.split], data.y[data.split]
else:
    sounds, labels = words(np.random.default_rng(SEED))
    train, test, y, wanted = train_test_split(sounds, labels, test_size=0.25, random_state=SEED, stratify=labels)

# The front end and the encoder run on the host. The liquid has no refractory periods, because the chip has none; the readout
# sees plain counts, and its weights are not divided by standard deviations, so that 8 bits are enough.
timing = {"frame": 5 * ms, "interpolation": "linear"}
encoder = lsm.encode.SideBySide(
    (lsm.encode.Rate(300 * Hz, power=2, seed=SEED, **timing), lsm.encode.Delta(0.08, **timing))
)
liquid = models.speech(n_inputs=encoder.n_channels(32), n_neurons=300, seed=SEED, t_ref=0)
classifier = lsm.LiquidClassifier(liquid, encoder, lsm.Counts(bins=4), "centred_ridge", scale=None)
model = make_pipeline(MelSpectrogram(RATE, n_bands=32, pre_emphasis=0.7), classifier).fit(train, y)

# Liquid and readout as one program of Loihi's integers: input spikes in, class out.
made = deploy(model, train, y)
print(made.program)
print(
    f"accuracy on {len(test)} new words: float64 {model.score(test, wanted):.3f}, deployed {made.score(test, wanted):.3f}"
)

# The report says on how many cores it fits, what it does, and what it may cost.
report = report_on(made, test=(test, wanted), title="Spoken words on Loihi 2")
print("\n".join(str(report).splitlines()[2:8]))
report.save("report.html")

# A folder to hand over, which verifies itself on any engine: every spike, every score.
made.save("deployed", test, n_samples=8, report=report)
for backend in ("reference", "lava"):
    print(verify("deployed", backend=backend))
