import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA

import lsm_sim as lsm
from lsm_sim import DescriptionError, Spikes, ms
from lsm_sim.support.figures import many

confusion: Any = lsm.plot.confusion
trajectories: Any = lsm.plot.trajectories

TRUE = ["b", "b", "b", "b", "a", "a", "c"]
PREDICTED = ["b", "b", "b", "a", "a", "a", "b"]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def numbers(ax):
    """Return the written cells: {(row, column): text}."""
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in ax.texts}


def test_rows_are_true_classes_and_columns_predicted_ones():
    ax = confusion(TRUE, PREDICTED, normalise=None)
    assert ax.images[0].get_array().tolist() == [[2, 0, 0], [1, 3, 0], [0, 1, 0]]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Predicted class", "True class")
    assert numbers(ax) == {(0, 0): "2", (1, 0): "1", (1, 1): "3", (2, 1): "1"}


@pytest.mark.parametrize(
    ("normalise", "expected", "label"),
    [
        ("true", [[100, 0, 0], [25, 75, 0], [0, 100, 0]], "Share of true class (%)"),
        ("pred", [[200 / 3, 0, 0], [100 / 3, 75, 0], [0, 25, 0]], "Share of predicted class (%)"),
        ("all", [[200 / 7, 0, 0], [100 / 7, 300 / 7, 0], [0, 100 / 7, 0]], "Share of all samples (%)"),
    ],
)
def test_shares_are_in_percent(normalise, expected, label):
    ax = confusion(TRUE, PREDICTED, normalise=normalise)
    # a quotient times 100 is rounded twice
    np.testing.assert_allclose(ax.images[0].get_array(), expected, rtol=1e-15)
    assert ax.figure.axes[-1].get_ylabel() == label


def test_labels_choose_and_order_the_classes():
    ax = confusion(TRUE, PREDICTED, labels=["c", "b"], normalise=None)
    assert ax.images[0].get_array().tolist() == [[0, 1], [0, 3]]


def test_numbers_are_white_on_dark_cells_only():
    ax = confusion([0, 0, 0, 0, 1], [0, 0, 0, 1, 1], normalise="true")
    assert {text.get_text(): text.get_color() for text in ax.texts} == {"75": "white", "25": "black", "100": "white"}


def test_many_classes_are_drawn_without_numbers_and_with_some_names():
    classes = np.arange(40)
    ax = confusion(classes, classes)
    assert not ax.texts
    assert len(ax.get_xticks()) == 10


def paths(spread=1.0, samples=12, bins=6, neurons=5, seed=2):
    rng = np.random.default_rng(seed)
    classes = np.arange(samples) % 3
    return rng.normal(0, spread, (samples, bins, neurons)) + 3 * classes[:, None, None] * np.arange(neurons), classes


def mean_lines(ax):
    return [line for line in ax.lines if not line.get_label().startswith("_")]


def test_thick_lines_are_the_means_of_the_classes_in_principal_components():
    states, classes = paths(spread=5.0)
    ax = trajectories(states, classes, smooth=0)
    means = np.stack([states[classes == c].mean(axis=0) for c in range(3)])
    pca = PCA(2, svd_solver="full").fit(means.reshape(-1, 5))
    assert [line.get_label() for line in mean_lines(ax)] == ["0", "1", "2"]
    for line, mean in zip(mean_lines(ax), means, strict=True):
        # the same projection of 6 rows and of 18: matrix products add in another order
        np.testing.assert_allclose(line.get_xydata(), pca.transform(mean), rtol=0, atol=1e-12)
    share = pca.explained_variance_ratio_
    assert ax.get_xlabel() == f"PC 1 ({share[0]:.0%} of variance)"
    assert ax.get_ylabel() == f"PC 2 ({share[1]:.0%} of variance)"


def test_a_share_that_would_round_to_nothing_is_named():
    assert trajectories(*paths(spread=0.1)).get_ylabel() == "PC 2 (<1% of variance)"


def test_a_dot_marks_the_start_of_each_class():
    ax = trajectories(*paths())
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert np.array_equal([d.get_xydata()[0] for d in dots], [line.get_xydata()[0] for line in mean_lines(ax)])


def test_thin_lines_are_the_first_samples_of_each_class():
    states, classes = paths()
    ax = trajectories(states, classes, individuals=4)
    thin = [line for line in ax.lines if line.get_linewidth() < 1]
    assert len(thin) == 12
    means = [np.mean([line.get_xydata() for line in thin[4 * c : 4 * c + 4]], axis=0) for c in range(3)]
    # all four samples are drawn, so they average to the thick line; the mean and the projection are linear but round
    np.testing.assert_allclose(means, [line.get_xydata() for line in mean_lines(ax)], rtol=0, atol=1e-12)


def test_smoothing_shortens_the_path():
    states, classes = paths()
    lengths = [
        np.abs(np.diff(mean_lines(trajectories(states, classes, smooth=s))[0].get_xydata(), axis=0)).sum()
        for s in (0, 1)
    ]
    assert lengths[1] < lengths[0]


def test_spikes_are_counted_in_bins():
    rng = np.random.default_rng(0)
    spikes = Spikes.from_dense([rng.random((n, 4)) < 0.3 for n in (40, 50, 60, 40)], 1 * ms)
    one = trajectories(spikes, [0, 1, 0, 1], bins=5)
    other = trajectories(spikes.counts(5), [0, 1, 0, 1])
    assert np.array_equal(mean_lines(one)[1].get_xydata(), mean_lines(other)[1].get_xydata())


def test_three_dimensions_are_drawn_in_3d():
    ax = trajectories(*paths(), dimensions=3)
    assert ax.name == "3d"
    assert ax.get_zlabel().startswith("PC 3 (")


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_silent_liquid_stays_in_one_point(dimensions):
    ax = trajectories(np.zeros((4, 5, 6)), [0, 0, 1, 1], dimensions=dimensions)
    assert [text.get_text() for text in ax.texts] == ["the state never changes"]
    assert "(0%" in ax.get_xlabel()


@pytest.mark.parametrize("n", [1, 7, 8, 10, 30])
def test_classes_have_different_colours(n):
    assert len(set(many(n))) == n


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confusion([0, 1], [0]), r"y_true of shape \(2,\) and y_pred of shape \(1,\)"),
        (lambda: confusion([], []), "expected two lists of equal length, at least 1"),
        (lambda: confusion([0, 1], ["a", "b"]), "expected one kind"),
        (lambda: confusion([0, np.nan], [0, 1]), "y_true: got nan, expected finite numbers"),
        (lambda: confusion([0, 1], [0, 1], labels=[5]), "expected different classes, some in y_true"),
        (lambda: confusion([0, 1], [0, 1], normalise="rows"), "expected 'true', 'pred', 'all' or None"),
        (lambda: trajectories(np.zeros((4, 5)), [0] * 4), r"got shape \(4, 5\), expected \(samples, bins, neurons\)"),
        (lambda: trajectories(np.zeros((0, 5, 3)), []), "each at least 1"),
        (lambda: trajectories(np.zeros((4, 5, 1)), [0] * 4), "expected at least 2 neurons"),
        (lambda: trajectories(np.zeros((4, 5, 3)), [0] * 3), r"labels: got shape \(3,\), expected \(4,\)"),
        (lambda: trajectories(np.full((4, 5, 3), np.nan), [0] * 4), "expected finite numbers"),
        (lambda: trajectories(*paths(), dimensions=4), "expected 2 or 3"),
        (lambda: trajectories(*paths(), smooth=-1), "number of bins >= 0"),
        (lambda: trajectories(*paths(), individuals=-1), "individuals: got -1"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()


def test_plot_is_reached_from_lsm_sim():
    from lsm_sim import plot

    assert lsm.plot is plot


def test_importing_lsm_sim_does_not_import_matplotlib_nor_scikit_learn():
    code = "import sys, lsm_sim; print({'matplotlib', 'sklearn'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
