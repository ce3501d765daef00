"""One sample in Lava as its tutorials use it: RingBuffer in and out, stock DelaySparse, `Var.get`. Called by lava_batch.py.

``python lava_stock.py PROGRAM STIMULUS SPIKES`` prints the seconds of the run, without the imports, and writes a raster (T, N).
"""

import sys
import time

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_lava.lava_import import import_lava

import_lava()

from lava.magma.core.run_conditions import RunSteps  # noqa: E402  (after the shim)
from lava.magma.core.run_configs import Loihi2SimCfg  # noqa: E402
from lava.proc.io.sink import RingBuffer as Sink  # noqa: E402
from lava.proc.io.source import RingBuffer as Source  # noqa: E402
from lava.proc.lif.process import LIFRefractory  # noqa: E402
from lava.proc.sparse.process import DelaySparse, Sparse  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402


def matrices(program, from_inputs):
    """Return weights and delays, (N, sources) each."""
    source = program.sources()
    part = (source < program.n_inputs) == from_inputs
    where = program.post[part], source[part] - (0 if from_inputs else program.n_inputs)
    shape = program.n_neurons, program.n_inputs if from_inputs else program.n_neurons
    return [csr_matrix((values[part], where), shape=shape) for values in (program.weight, program.delay)]


def main() -> None:
    program, stimulus = Program.load(sys.argv[1]), Spikes.load(sys.argv[2])
    raster = stimulus.raster()
    begin = time.perf_counter()
    neurons = LIFRefractory(
        shape=(program.n_neurons,),
        du=1 - program.decay_u[0],
        dv=1 - program.decay_v[0],
        vth=program.threshold[0],
        bias_mant=program.bias,
        refractory_period=int(program.refractory[0]),
    )
    source, sink = Source(data=raster.T.astype(float)), Sink(shape=neurons.s_out.shape, buffer=len(raster))
    incoming = Sparse(weights=matrices(program, True)[0])
    weights, delays = matrices(program, False)
    recurrent = DelaySparse(weights=weights, delays=delays)
    source.s_out.connect(incoming.s_in)
    incoming.a_out.connect(neurons.a_in)
    neurons.s_out.connect(recurrent.s_in)
    recurrent.a_out.connect(neurons.a_in)
    neurons.s_out.connect(sink.a_in)
    try:
        neurons.run(condition=RunSteps(num_steps=len(raster)), run_cfg=Loihi2SimCfg(select_tag="floating_pt"))
        spikes = sink.data.get()
    finally:
        neurons.stop()
    print(time.perf_counter() - begin)
    np.save(sys.argv[3], spikes.T > 0)


if __name__ == "__main__":
    main()
