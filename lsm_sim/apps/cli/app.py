"""The command line and its commands. Modules that take long to import are imported when a command runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

import lsm_sim
from lsm_sim.apps.cli.bench import bench
from lsm_sim.apps.cli.conform import conform
from lsm_sim.apps.cli.demo import demo
from lsm_sim.apps.cli.deploy import deploy
from lsm_sim.apps.cli.encode import encode
from lsm_sim.apps.cli.evaluate import evaluate
from lsm_sim.apps.cli.explore import explore
from lsm_sim.apps.cli.export import export
from lsm_sim.apps.cli.import_nir import import_nir
from lsm_sim.apps.cli.info import info
from lsm_sim.apps.cli.live import live
from lsm_sim.apps.cli.measure import measure
from lsm_sim.apps.cli.predict import predict
from lsm_sim.apps.cli.quantise import quantise
from lsm_sim.apps.cli.reporting import ReportingCommand
from lsm_sim.apps.cli.run import run
from lsm_sim.apps.cli.search import search
from lsm_sim.apps.cli.train import train
from lsm_sim.apps.cli.transform import transform
from lsm_sim.apps.cli.verify import verify

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, because Rich takes longer to load than everything else
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(lsm_sim.__version__)
        raise typer.Exit


@app.callback(epilog="lsm-sim COMMAND --help shows all options, with examples.")
def lsm_sim_command(
    debug: Annotated[
        bool, typer.Option("--debug", envvar="LSM_SIM_DEBUG", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Describe, run, train and plot spiking Liquid State Machines."""


def _add(command: Callable[..., None], *examples: str) -> None:
    text: Any = "\n".join(["\b", "Examples:", *(f"  {example}" for example in examples)])  # \b: do not rewrap
    app.command(cls=ReportingCommand, epilog=text)(command)


_add(
    demo,
    "lsm-sim demo",
    "lsm-sim demo --seeds 1 --neurons 200 --out small",
    "lsm-sim demo --json > demo.json",
)
_add(info, "lsm-sim info", "lsm-sim info --json")
_add(
    run,
    "lsm-sim run liquid.toml stimulus.npz -o spikes.npz --plot raster.png",
    "lsm-sim run liquid.toml speech.wav --max-rate 300 --record v --traces v.npz",
    "lsm-sim run liquid.toml --rate 20 --duration 2",
    "lsm-sim run program.npz stimulus.npz --backend reference --json",
    "lsm-sim run deployed digits.npz -o classes.csv",
)
_add(
    encode,
    "lsm-sim encode zero.wav one.wav -o stimulus.npz --front-end cochlea --bands 32",
    "lsm-sim encode signal.csv -o stimulus.npz --encoder delta --step 0.05 --frame 0.01",
    "lsm-sim encode --rate 20 --channels 80 --duration 1 -o stimulus.npz",
)
_add(
    train,
    "lsm-sim train liquid.toml digits.npz -o model.npz --shape 8 8 --frame 0.02 --bins 8",
    "lsm-sim train liquid.toml vowels.npz -o model.npz --encoder delta --step 0.05 --cv 10",
    "lsm-sim train liquid.toml list.csv -o model.npz",
)
_add(
    predict,
    "lsm-sim predict model.npz new.npz -o labels.csv",
    "lsm-sim predict model.npz new.npz --backend reference --json",
)
_add(
    transform,
    "lsm-sim transform model.npz samples.h5 -o features.zarr",
    "lsm-sim transform model.npz folder -o features.zarr --resume --workers 2 --max-memory 2000",
    "lsm-sim transform model.npz samples.h5 -o features.zarr --dask tcp://127.0.0.1:8786",
)
_add(
    search,
    "lsm-sim search ranges.toml digits.npz -o found --shape 8 8 --frame 0.02 --trials 100 --workers 2",
    "lsm-sim search ranges.toml vowels.npz -o found --objectives accuracy,spikes --storage study.db",
    "lsm-sim search ranges.toml digits.npz -o found --trials 1000 --dask tcp://127.0.0.1:8786",
)
_add(
    explore,
    "lsm-sim explore model.npz test.npz -o page.html --against loihi --controls 5",
    "lsm-sim explore liquid.toml stimulus.npz -o page.html --sample 0 --sample 3",
    "lsm-sim explore liquid.toml speech.wav -o page.html --max-rate 300 --against recurrence-off",
)
_add(
    deploy,
    "lsm-sim deploy model.npz digits.npz -o deployed",
    "lsm-sim deploy model.npz digits.npz -o deployed --relays --ramp 255 --json",
)
_add(verify, "lsm-sim verify deployed", "lsm-sim verify deployed --backend lava")
_add(
    export,
    "lsm-sim export program.npz -o c_code --to c --max-ram 65536",
    "lsm-sim export deployed -o c_code --to c --n-steps 160 --name digits",
    "lsm-sim export liquid.toml -o liquid.nir --to nir --mode exact --dt 0.001",
)
_add(
    import_nir,
    "lsm-sim import-nir liquid.nir -o program.npz",
    "lsm-sim import-nir snntorch.nir -o liquid.toml --dt 1e-4",
)
_add(
    live,
    "lsm-sim live model.npz signal.npy",
    "lsm-sim live model.npz speech.wav --mel 32 --reference -20 --window 0.5",
    "arecord -q -t raw -f S16_LE -r 8000 | lsm-sim live model.npz - --mel 32 --reference -20 --json",
    "lsm-sim live model.npz tcp:5000 --stall 10",
)
_add(conform, "lsm-sim conform cases/ --backend fast", "lsm-sim conform a.npz b.npz --backend reference --json")
_add(
    quantise,
    "lsm-sim quantise liquid.toml -c stimulus.npz -o integers.npz --plot report.png",
    "lsm-sim quantise program.npz -o integers.npz --headroom 3 --json",
)
_add(
    measure,
    "lsm-sim measure liquid.toml -o page.png",
    "lsm-sim measure memory.toml --encoder bits --frame 0.008 --json",
)
_add(
    evaluate,
    "lsm-sim evaluate fsdd --data free-spoken-digit-dataset --split upstream",
    "lsm-sim evaluate fsdd --loso --ensemble 4 --out results --json",
    "lsm-sim evaluate words --data free-spoken-digit-dataset --words zero,one --question first --loso",
    "lsm-sim evaluate mackey_glass --horizon 84 --horizon 1 --seeds 3",
)
_add(
    bench,
    "lsm-sim bench --quick",
    "lsm-sim bench W rates --peers fast,ceiling --plot speed.png",
    "lsm-sim bench --json > bench.json",
)
