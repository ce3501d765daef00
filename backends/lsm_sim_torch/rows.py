"""Rows of `lsm_sim.controls.compare`: the trained liquid, the same with recurrence off, and the linear layer alone.

All have the encoder, the features and, but for the layer, the readout of the liquid that they are compared with; everything else
about training is as `TrainedLiquidClassifier` has it by default.
"""

from __future__ import annotations

import dataclasses

from lsm_sim.describe.liquid import Liquid
from lsm_sim.learn.controls.readouts import View, cross_validate
from lsm_sim.learn.controls.rows import Answer, Trial
from lsm_sim.learn.controls.views import without_recurrence
from lsm_sim.learn.features import Counts
from lsm_sim.learn.transformer import LiquidTransformer
from lsm_sim.support.pytorch import import_torch
from lsm_sim_torch import Twin
from lsm_sim_torch.arguments import WEIGHTS
from lsm_sim_torch.tasks import Classes, Values
from lsm_sim_torch.training import Settings, Trainer


def trained(trial: Trial) -> Answer:
    """Train the liquid, then the readout."""
    return _trained(trial, trial.samples.transformer.liquid_)


def trained_off(trial: Trial) -> Answer:
    """Train the liquid without synapses between its neurons, then the readout."""
    return _trained(trial, without_recurrence(trial.samples.transformer.liquid_))


def layer(trial: Trial) -> Answer:
    """Train the linear layer alone, by the optimiser and for as long as the liquid is trained, and predict with it."""
    twin = _twin(trial, trial.samples.transformer.liquid_, ())
    trainer, settings = _trainer(trial, twin)
    trainer.run()
    return Answer(trainer.predict(trial.samples.stimulus[trial.fold[1]]), twin.n_neurons * settings.bins)


def _trained(trial: Trial, liquid: Liquid) -> Answer:
    twin = _twin(trial, liquid, WEIGHTS)
    _trainer(trial, twin)[0].run()
    transformer = trial.samples.transformer
    parameters = transformer.get_params(deep=False) | {"liquid": twin.liquid()}
    own = LiquidTransformer(**parameters).prepare(transformer.input_).calibrate(transformer.calibration_)
    features = own.respond(trial.samples.stimulus)
    views = {"trained": View([features], [trial.readout])}
    found = cross_validate(views, trial.y, [trial.fold], transformer.n_threads, lambda _: None, trial.groups)
    return Answer(found["trained"][trial.fold[1]], features.shape[1])


def _twin(trial: Trial, liquid: Liquid, train: tuple[str, ...]) -> Twin:
    return Twin(liquid, trial.samples.transformer.dt, import_torch("torch").float32, train=train)


def _trainer(trial: Trial, twin: Twin) -> tuple[Trainer, Settings]:
    settings, kind, train = (
        Settings(seed=trial.seed, progress=False),
        trial.samples.transformer.features_,
        trial.fold[0],
    )
    if isinstance(kind, Counts) and kind.window is None:
        settings = dataclasses.replace(settings, bins=kind.bins, sqrt=kind.sqrt)
    task = (Classes if trial.task == "classify" else Values)(trial.y[train])
    return Trainer(twin, trial.samples.stimulus[train], task, settings), settings
