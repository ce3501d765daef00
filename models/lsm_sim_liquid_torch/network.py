"""A cell that runs over sequences, and the linear layer on its output."""

from __future__ import annotations

from typing import Any, Protocol

import torch


class Cell(Protocol):
    """What `LiquidNeuralNetwork` needs of a cell, which is a `torch.nn.Module`."""

    n_outputs: int

    def begin(self, frame: Any) -> Any:
        """Return the state before the first frame (B, C)."""
        ...

    def step(self, frame: Any, gap: Any, state: Any) -> tuple[Any, Any]:
        """Return the output, (B, n_outputs), and the state after a frame (B, C) and the gap before it (B, 1)."""
        ...


class LiquidNeuralNetwork(torch.nn.Module):
    """A cell that runs over sequences with their true gaps, and a linear layer on its last and its mean output.

    Parameters
    ----------
    cell
        `LiquidTimeStep`, `CfC`, `LTC`, `LiquidODE`, `SpikingLiquidCore`, or your own module with the same methods.
    n_targets
        Outputs of the linear layer: classes, or values to predict.
    """

    def __init__(self, cell: Any, n_targets: int) -> None:
        super().__init__()
        self.cell = cell
        self.head = torch.nn.Linear(2 * cell.n_outputs, n_targets)

    def states(self, values: Any, gaps: Any) -> Any:
        """Return the output of the cell after each frame, (B, T, n_outputs), for frames (B, T, C) and gaps (B, T)."""
        state = self.cell.begin(values[:, 0])
        outputs = []
        for frame, gap in zip(values.unbind(1), gaps.unsqueeze(2).unbind(1), strict=True):
            output, state = self.cell.step(frame, gap, state)
            outputs.append(output)
        return torch.stack(outputs, 1)

    def forward(self, values: Any, gaps: Any, lengths: Any) -> Any:
        """Return the outputs of the linear layer, (B, n_targets); ``lengths`` says how many frames of each sample count."""
        states = self.states(values, gaps)
        last = states[torch.arange(len(lengths)), lengths - 1]
        inside = torch.arange(states.shape[1])[None, :, None] < lengths[:, None, None]
        mean = torch.where(inside, states, states.new_zeros(())).sum(1) / lengths[:, None]
        return self.head(torch.cat([last, mean], 1))
