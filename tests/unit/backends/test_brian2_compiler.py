"""What is compiled once for all files of a standalone program."""

import re
import subprocess

import pytest

from lsm_sim_brian2 import compiler

PROGRAM = "#include <iostream>\nint main() { std::cout << std::vector<int>(3).size(); }\n"


@pytest.mark.slow
@pytest.mark.parametrize("openmp", [False, True])
def test_headers_are_compiled_and_used(tmp_path, openmp):
    if missing := compiler.missing_tools(standalone=True):
        pytest.skip(f"needs {', '.join(missing)}: apt install g++ make")
    (tmp_path / "main.cpp").write_text(PROGRAM)
    with compiler.precompiled_headers(tmp_path, openmp=openmp) as flags:
        more = ["-fopenmp"] if openmp else []
        command = ["g++", *more, *flags, *compiler.FLAGS, "-Winvalid-pch", "-Werror", "-H", "-c", "main.cpp"]
        command.remove("-w")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert re.match(r"! \S*lsm_sim_headers\.h\.gch\n", done.stderr), done.stderr  # "!": g++ takes the compiled form
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lsm_sim_headers.h", "main.cpp", "main.o"]


def test_without_them_the_files_are_compiled_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with compiler.precompiled_headers(tmp_path, openmp=False) as flags:
        assert flags == ["-include", "lsm_sim_headers.h"]
        assert [path.name for path in tmp_path.iterdir()] == ["lsm_sim_headers.h"]
