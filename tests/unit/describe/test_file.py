import contextlib
import dataclasses
import json
import math
import os
import stat
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsm_sim as lsm
from lsm_sim import Liquid, ms
from lsm_sim.describe import plain, text
from lsm_sim.describe.distributions import LAWS
from lsm_sim.errors import DescriptionError
from lsm_sim.support import files

SUFFIXES = (".toml", ".json")


def a_liquid():
    """One of everything."""
    return lsm.Liquid(
        inputs=[lsm.Inputs("audio", 4), lsm.Inputs('q"uo\\te é', 1)],
        neurons=[
            lsm.Neurons("exc", 20, tau_m=30 * ms, tau_syn=20 * ms, positions=lsm.grid(2, 5, 2), sign=1),
            lsm.Neurons("inh", 5, tau_m=lsm.Normal(0.03, 0.001, minimum=0.01), positions=lsm.random_in_box(2, 5, 2.5)),
            lsm.Neurons("own", 3, v_thresh=[1.1, 1 / 3, 2], positions=[[0, 0, 0], [0.1, 0.2, 0.3], [1, 1, 1]], sign=-1),
        ],
        synapses=[
            lsm.Synapses("audio", "exc", lsm.FixedProbability(0.3), lsm.Normal(0, 0.5)),
            lsm.Synapses(
                "exc", ("exc", "inh"), lsm.DistanceRule(c=0.3, lam=2), lsm.Gamma(0.2, 2), lsm.Uniform(1 * ms, 5 * ms)
            ),
            lsm.Synapses(
                "inh", ("exc",), lsm.FixedInDegree(2, autapses=True), -2.5 * lsm.LogNormal(0.6, 0.1, maximum=1)
            ),
            lsm.Synapses("exc", "exc", lsm.SmallWorld(k=4, p=0.1), 0.1, 2 * ms),
            lsm.Synapses("inh", "inh", lsm.AllToAll(autapses=True)),
            lsm.Synapses("own", "own", lsm.OneToOne(), -0.1),
            lsm.Synapses("audio", "own", lsm.Edges([0, 1, 3], [2, 2, 0]), [0.1, -1 / 3, 2.0], [1 * ms, 2 * ms, 3 * ms]),
            lsm.Synapses("audio", "own", lsm.Edges([], []), weight=[]),
        ],
        seed=2**60 + 1,
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_liquid_comes_back_equal(tmp_path, suffix):
    liquid, path = a_liquid(), tmp_path / f"net{suffix}"
    liquid.save(path)
    back = lsm.Liquid.load(path)
    assert back.to_dict() == liquid.to_dict()
    assert back == liquid


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_loaded_liquid_lowers_to_the_same_program(tmp_path, suffix):
    liquid, path = a_liquid(), tmp_path / f"net{suffix}"
    liquid.save(path)
    one, two = lsm.lower(liquid, 0.5 * ms), lsm.lower(lsm.Liquid.load(path), 0.5 * ms)
    for array in ("indptr", "post", "weight", "delay", "decay_u", "decay_v", "threshold", "bias", "refractory"):
        np.testing.assert_array_equal(getattr(one, array), getattr(two, array))


def test_liquids_that_differ_in_one_number_are_not_equal():
    liquid = a_liquid()
    assert liquid != dataclasses.replace(liquid, seed=1)
    assert liquid != "liquid"


@settings(derandomize=True, max_examples=100)
@given(
    value=st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x != 0),
    seed=st.integers(0, 2**64 - 1),
    name=st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=8).filter(str.isprintable),
)
def test_every_number_and_name_comes_back_exactly(tmp_path_factory, value, seed, name):
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 2)],
        [lsm.Neurons(f"x{name}", 2, v_rest=value, i_bias=[value, 0.1])],
        [lsm.Synapses("in", f"x{name}", lsm.Edges([0, 1], [1, 0]), weight=[-value, value])],
        seed=seed,
    )
    for suffix in SUFFIXES:
        path = tmp_path_factory.mktemp("net") / f"net{suffix}"
        liquid.save(path)
        assert lsm.Liquid.load(path) == liquid


def test_long_lists_come_back(tmp_path):
    n = 3000
    edges = lsm.Edges(np.arange(n), np.arange(n)[::-1])
    liquid = lsm.Liquid([], [lsm.Neurons("a", n)], [lsm.Synapses("a", "a", edges, weight=np.linspace(-1, 1, n))])
    for suffix in SUFFIXES:
        liquid.save(tmp_path / f"net{suffix}")
        assert lsm.Liquid.load(tmp_path / f"net{suffix}") == liquid


def test_a_toml_file_reads_like_the_description(tmp_path):
    liquid = lsm.Liquid(
        [], [lsm.Neurons("exc", 2)], [lsm.Synapses("exc", "exc", lsm.DistanceRule(c=0.3, lam=2.0))], seed=7
    )
    liquid.save(tmp_path / "net.toml")
    lines = (tmp_path / "net.toml").read_text().splitlines()
    assert lines[:5] == ['format = "lsm_sim.liquid/1"', "seed = 7", "inputs = []", "", "[[neurons]]"]
    assert "rule = { DistanceRule = { c = 0.3, lam = 2.0 } }" in lines


def test_what_a_person_leaves_out_takes_its_default():
    text = {"format": "lsm_sim.liquid/1", "inputs": [], "neurons": [{"name": "a", "size": 3}]}
    assert lsm.Liquid.from_dict(text, "net") == lsm.Liquid([], [lsm.Neurons("a", 3)])


def test_every_rule_and_law_has_a_name_in_files():
    rules = {
        name for name in vars(lsm) if isinstance(getattr(lsm, name), type) and hasattr(getattr(lsm, name), "connect")
    }
    assert rules == set(plain.RULES)
    assert set(LAWS) == {"Normal", "Gamma", "LogNormal", "Uniform"}


def test_every_field_of_every_record_can_be_read():
    records = [*plain.RULES.values(), *plain.POSITIONS.values(), lsm.Inputs, lsm.Neurons]
    for record in [*records, lsm.Synapses, lsm.Liquid]:
        for field in dataclasses.fields(record):
            assert callable(plain._decoder(plain._hints(record)[field.name])), (record, field.name)


def test_a_rule_of_ones_own_cannot_be_saved(tmp_path):
    class Mine:
        def expected(self, pre, post):
            return 0

        def connect(self, pre, post, rng):
            return np.empty(0, int), np.empty(0, int)

    liquid = lsm.Liquid([], [lsm.Neurons("a", 3)], [lsm.Synapses("a", "a", Mine())])
    with pytest.raises(DescriptionError, match="which cannot be written to a file; known rules: AllToAll"):
        liquid.save(tmp_path / "net.toml")
    assert not list(tmp_path.iterdir())


def valid():
    return {
        "format": "lsm_sim.liquid/1",
        "seed": 1,
        "inputs": [{"name": "in", "size": 2}],
        "neurons": [{"name": "exc", "size": 4, "positions": {"grid": {"nx": 2, "ny": 2, "nz": 1}}}],
        "synapses": [{"pre": "in", "post": "exc", "rule": {"DistanceRule": {"c": 0.3, "lam": 2.0}}}],
    }


BROKEN = [  # (path of keys, new value, what the message says after the file name)
    (["format"], "lsm_sim.program/1", "got format 'lsm_sim.program/1', expected 'lsm_sim.liquid/1'"),
    (["colour"], 1, "colour: unknown key; known: format, inputs, neurons, synapses, seed"),
    (["seed"], -1, "Liquid seed: got -1, expected a whole number >= 0"),
    (["seed"], "x", "seed: got 'x', expected a number"),
    (["seed"], True, "seed: got True, expected a number"),
    (["seed"], 1.5, "Liquid seed: got 1.5, expected a whole number >= 0"),
    (["inputs"], {}, "inputs: got {}, expected a list of tables, one for each Inputs"),
    (["inputs", 0], 3, "inputs[0]: got 3, expected a table with the keys name, size"),
    (["inputs", 0, "size"], 0, "inputs[0]: Inputs 'in' size: got 0, expected a whole number >= 1"),
    (["neurons"], [], "Liquid: got no neurons, expected at least one group"),
    (["neurons", 0, "name"], 5, "neurons[0].name: got 5, expected text"),
    (["neurons", 0, "name"], "in", "Liquid: the group name 'in' appears twice"),
    (["neurons", 0, "tau"], 1, "neurons[0].tau: unknown key; known: name, size, tau_m"),
    (["neurons", 0, "tau_m"], "30 ms", "neurons[0].tau_m: got '30 ms', expected a number"),
    (["neurons", 0, "tau_m"], -1.0, "neurons[0]: Neurons 'exc' tau_m: got -1 s, expected a time > 0"),
    (["neurons", 0, "tau_m"], math.nan, "neurons[0]: Neurons 'exc' tau_m: got nan, expected finite numbers"),
    (["neurons", 0, "tau_m"], [1, "a"], "neurons[0].tau_m: got [1, 'a'], expected numbers only"),
    (["neurons", 0, "tau_m"], [1, [2]], "neurons[0].tau_m: got [1, [2]], expected numbers"),
    (["neurons", 0, "tau_m"], [1.0, 2.0], "neurons[0]: Neurons 'exc' tau_m: got an array of shape (2,), expected"),
    (["neurons", 0, "tau_m"], {"Poisson": {}}, "neurons[0].tau_m: got {'Poisson': {}}, expected a table with one of"),
    (["neurons", 0, "tau_m"], {"Normal": {"mean": 1}}, "neurons[0].tau_m.Normal: no sd"),
    (["neurons", 0, "tau_m"], {"Normal": {"mean": 1, "sd": "x"}}, "neurons[0].tau_m.Normal.sd: got 'x', expected a"),
    (["neurons", 0, "tau_m"], {"Normal": {"mean": 1, "sd": -1}}, "neurons[0].tau_m: Normal sd: got -1, expected"),
    (["neurons", 0, "tau_m"], {"Normal": {"law": 1}}, "neurons[0].tau_m.Normal.law: unknown key; known: mean, sd"),
    (["neurons", 0, "positions"], {"grid": {"nx": 1, "ny": 1, "nz": 1}}, "neurons[0]: Neurons 'exc' positions: got a"),
    (["neurons", 0, "positions", "grid", "nx"], 0, "neurons[0].positions.grid: grid nx: got 0, expected a whole"),
    (["neurons", 0, "positions"], [[1, 2, 3]], "neurons[0]: Neurons 'exc' positions: got an array of shape (1, 3)"),
    (["neurons", 0, "positions"], 1, "neurons[0].positions: got 1, expected a table with one of the keys grid"),
    (["neurons", 0, "sign"], 2, "neurons[0]: Neurons 'exc' sign: got 2, expected +1, -1 or None"),
    (["synapses", 0, "post"], ["exc", 3], "synapses[0].post[1]: got 3, expected text"),
    (["synapses", 0, "post"], "inh", "Synapses in -> inh: no neuron group 'inh'; known: exc"),
    (["synapses", 0, "rule"], "DistanceRule", "synapses[0].rule: got 'DistanceRule', expected a table with one of"),
    (
        ["synapses", 0, "rule"],
        {"Rule": {}},
        "synapses[0].rule: got {'Rule': {}}, expected a table with one of the keys A",
    ),
    (["synapses", 0, "rule", "OneToOne"], {}, "synapses[0].rule: got "),
    (
        ["synapses", 0, "rule", "DistanceRule", "c"],
        2.0,
        "synapses[0].rule.DistanceRule: DistanceRule c: got 2, expected",
    ),
    (
        ["synapses", 0, "rule", "DistanceRule", "autapses"],
        1,
        "synapses[0].rule.DistanceRule.autapses: got 1, expected t",
    ),
    (
        ["synapses", 0, "rule"],
        {"Edges": {"pre": [0.5], "post": [0]}},
        "synapses[0].rule.Edges: Edges pre: got 0.5, exp",
    ),
    (
        ["synapses", 0, "rule"],
        {"Edges": {"pre": [2**70], "post": [0]}},
        "synapses[0].rule.Edges.pre: got [118059162071",
    ),
    (["synapses", 0, "weight"], [1.0], "synapses[0]: Synapses in -> exc weight: got an array, but only Edges fixes"),
]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("keys", "value", "message"), BROKEN, ids=[message[:40] for _, _, message in BROKEN])
def test_a_wrong_value_is_named_with_file_and_key(tmp_path, keys, value, message, suffix):
    data = valid()
    place = data
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path = tmp_path / f"net{suffix}"
    writers = {".json": lambda data: json.dumps(data), ".toml": text.write_toml}
    path.write_text(writers[suffix](data).replace("NaN", {".json": "NaN", ".toml": "nan"}[suffix]))
    with pytest.raises(DescriptionError) as caught:
        lsm.Liquid.load(path)
    assert str(caught.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["format"], "got format none"),
        (["inputs"], "no inputs"),
        (["neurons", 0, "name"], "neurons[0]: no name"),
        (["synapses", 0, "rule"], "synapses[0]: no rule"),
        (["synapses", 0, "rule", "DistanceRule", "lam"], "synapses[0].rule.DistanceRule: no lam"),
    ],
)
def test_a_missing_key_is_named(keys, message):
    data = valid()
    place = data
    for key in keys[:-1]:
        place = place[key]
    del place[keys[-1]]
    with pytest.raises(DescriptionError) as caught:
        lsm.Liquid.from_dict(data, "net")
    assert str(caught.value).startswith(f"net: {message}")


HOSTILE = {
    "empty": b"",
    "not UTF-8": b'format = "\xff\xfe"',
    "binary": bytes(range(256)),
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "deep lists": b"x = " + b"[" * 100_000,
    "deep json": b'{"a":' * 100_000,
    "deep tables": b"x = " + b"{a=" * 100_000,
    "long dotted key": b"a." * 100_000 + b"a = 1",
    "long dotted table": b"[" + b"a." * 100_000 + b"a]",
    "long dotted inline key": b"x = {" + b"a." * 100_000 + b"a = 1}",
    "long dotted quoted key": b'"a".' * 100_000 + b"a = 1",
    "a huge integer": b"seed = " + b"9" * 10_000,
    "a huge integer in json": b'{"seed": ' + b"9" * 10_000 + b"}",
    "a key twice": b'{"seed": 1, "seed": 2}',
    "a key twice in toml": b"seed = 1\nseed = 2",
    "a list": b"[1, 2]",
    "null": b"null",
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_gets_one_sentence(tmp_path, content, suffix):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    with pytest.raises(DescriptionError) as caught:
        lsm.Liquid.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 400


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    small = lsm.Liquid([], [lsm.Neurons("a", 2)], [lsm.Synapses("a", "a", lsm.AllToAll(), weight=lsm.Gamma(0.2, 2))])
    small.save(path)
    whole, loaded = path.read_bytes(), 0
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with contextlib.suppress(DescriptionError):
            lsm.Liquid.load(path)
            loaded += 1
    # TOML has no end mark: cut between two lines it may be the whole description of less; JSON lacks its last brace,
    # or only the line end behind it
    assert loaded == 1 if suffix == ".json" else loaded < len(whole) / 2


def test_a_huge_size_costs_nothing_to_load():
    data = valid()
    data["neurons"][0] = {"name": "exc", "size": 2 * 10**9}
    assert lsm.Liquid.from_dict(data, "net").n_neurons == 2 * 10**9


def test_a_size_of_hundreds_of_digits_is_refused():
    data = valid()
    data["neurons"][0] = {"name": "exc", "size": 10**400}
    with pytest.raises(DescriptionError, match=r"neurons\[0\]"):
        lsm.Liquid.from_dict(data, "net")


def test_a_long_wrong_value_is_not_quoted_in_full():
    data = valid()
    data["neurons"][0]["name"] = "x\n" * 100_000
    with pytest.raises(DescriptionError) as caught:
        lsm.Liquid.from_dict(data, "net")
    assert len(str(caught.value)) < 400


def test_a_file_larger_than_memory_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "net.json"
    with path.open("wb") as stream:
        stream.truncate(10**13)  # sparse: takes no space
    with pytest.raises(DescriptionError, match="GiB are free"):
        lsm.Liquid.load(path)


def test_dots_in_values_and_comments_are_no_long_key(tmp_path):
    path = tmp_path / "net.toml"
    lsm.Liquid([], [lsm.Neurons("a." * 50, 2)]).save(path)
    path.write_text(f"# see {'.' * 100}\n{path.read_text()}")
    assert lsm.Liquid.load(path).neurons[0].name == "a." * 50


def test_only_toml_and_json_are_known(tmp_path):
    for act in (a_liquid().save, lsm.Liquid.load):
        with pytest.raises(DescriptionError, match=r"net.yaml: got the suffix '.yaml', expected .toml or .json"):
            act(tmp_path / "net.yaml")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DescriptionError, match=r"none.toml: no such file"):
        lsm.Liquid.load(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(DescriptionError, match=r"folder.toml: cannot be read"):
        lsm.Liquid.load(tmp_path / "folder.toml")
    with pytest.raises(DescriptionError, match=r"cannot write there"):
        a_liquid().save(tmp_path / "nowhere" / "net.toml")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text("old")

    def write_half():
        with files.replacing(path) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    umask = os.umask(0o022)
    try:
        a_liquid().save(tmp_path / "net.toml")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "net.toml").stat().st_mode) == 0o644


def test_repr_of_a_liquid_is_one_line():
    assert repr(a_liquid()) == (
        'Liquid(inputs: audio 4, q"uo\\te é 1; neurons: exc 20, inh 5, own 3; 8 kinds of synapses; '
        "seed=1152921504606846977)"
    )


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_named_pipe_does_not_block(tmp_path, suffix):
    os.mkfifo(tmp_path / f"a{suffix}")
    with pytest.raises(DescriptionError, match=r"cannot be read, because it is a named pipe, expected a regular file"):
        Liquid.load(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400], ids=["large", "small"])
@pytest.mark.parametrize("field", ["size", "tau_m", "seed", "nx"])
def test_a_number_of_400_digits_is_one_sentence(tmp_path, number, field):
    values = {"size": 5, "tau_m": 0.03, "seed": 7, "nx": 5} | {field: int(number)}
    neurons = {"name": "e", "size": values["size"], "tau_m": values["tau_m"]}
    neurons["positions"] = {"grid": {"nx": values["nx"], "ny": 1, "nz": 1}}
    data = {"format": "lsm_sim.liquid/1", "seed": values["seed"], "inputs": [], "neurons": [neurons]}
    (tmp_path / "a.json").write_text(json.dumps(data))
    with pytest.raises(
        DescriptionError, match=rf"{field}: got -?999999.*99, expected a number between -1.8e308 and 1.8e308$"
    ) as caught:
        Liquid.load(tmp_path / "a.json")
    assert len(str(caught.value)) < 300


def test_many_groups_and_keys_are_checked_fast(tmp_path):
    groups = [{"name": f"i{k}", "size": 1} for k in range(20_000)]
    data = {"format": "lsm_sim.liquid/1", "inputs": groups, "neurons": [{"name": "e", "size": 1}]}
    (tmp_path / "a.json").write_text(json.dumps(data))
    (tmp_path / "b.json").write_text("{" + ",".join(f'"k{min(k, 99_998)}": 1' for k in range(100_000)) + "}")
    begin = time.process_time()
    assert Liquid.load(tmp_path / "a.json").n_inputs == 20_000
    with pytest.raises(DescriptionError, match="the key 'k99998' appears twice in one object"):
        Liquid.load(tmp_path / "b.json")
    assert time.process_time() - begin < 3  # 1 s here; with a count for each name it took 4 s and 60 s
