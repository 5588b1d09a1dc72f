"""What the documents show is what happens: transcripts and Python are run, and all that they name is there."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "textcnn"
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md", "tests/benchmarks/README.md")
README, CONTRIBUTING = ((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS[:2])
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:e-?\d+)?")
SCREEN, TRANSCRIPT = 30, 12  # lines


def blocks(document: str, kind: str) -> list[str]:
    """The fenced blocks of one kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    return [body for language, body in found if language == kind]


# -------------------------------------------------------------------------------------- transcripts and Python


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's commands are run, one after the other."""
    made = tmp_path_factory.mktemp("readme")
    for name in ("spam.csv", "spam-test.csv"):
        (made / name).write_bytes((ROOT / "data" / name).read_bytes())
    return made


def transcript() -> list[tuple[str, str]]:
    """Each command with the output that follows it."""
    pieces = re.split(r"^\$ ", "".join(blocks(README, "console")), flags=re.MULTILINE)[1:]
    return [tuple(piece.split("\n", 1)) for piece in pieces]  # type: ignore[misc]


def shape(text: str) -> list[str]:
    """Output with its numbers, its bars and its spacing left out: those depend on the machine."""
    lines = [" ".join(NUMBER.sub("N", line).split()) for line in text.splitlines()]
    return [re.sub(r"[─█▏▎▍▌▋▊▉]+", "-", line) for line in lines if line]


def elided(expected: str) -> str:
    """A pattern for the shape of some output, of which `...` stands for any number of lines."""
    return "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in shape(expected))


def test_three_dots_stand_for_any_lines() -> None:
    happened = "".join(f"{line}\n" for line in shape("epoch 1\naccuracy 0.5\nmodel: 1.5 MB\n"))
    for same in ("...\naccuracy 0.9\n...", "epoch 30\n...\nmodel: 12 MB", "...\nepoch 7\naccuracy 1\nmodel: 3 MB\n..."):
        assert re.fullmatch(elided(same), happened)
    for other in ("accuracy 0.9\n...", "...\naccuracy 0.9", "epoch 1\nmodel: 1.5 MB", "...\nrecall 0.9\n..."):
        assert not re.fullmatch(elided(other), happened)


@pytest.mark.slow
def test_the_transcript_is_what_happens(shown: Path) -> None:
    assert len(transcript()) >= 4
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    for command, expected in transcript():
        done = subprocess.run(
            ["sh", "-c", command], cwd=shown, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        happened = "".join(f"{line}\n" for line in shape(done.stderr + done.stdout))
        assert re.fullmatch(elided(expected), happened), f"{command}\n{done.stderr}{done.stdout}"


def run_python(document: str, folder: Path) -> subprocess.CompletedProcess[str]:
    code = "\n".join(blocks(document, "python"))
    command = [sys.executable, "-W", "error::UserWarning", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_python_of_the_readme_runs(shown: Path) -> None:
    assert "TextCNNClassifier" in blocks(README, "python")[0]
    done = run_python(README, shown)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_folder_of_web_text_is_filtered(folder: Path) -> None:
    """On texts that are made up, and with a training that is short."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    good, bad = "the river rises in the hills, and runs to the sea past {}", "BUY {} NOW!!! click here, best price"
    texts = [kind.format(word) for word in ("pans", "hats", "tea", "maps", "oil", "figs") for kind in (good, bad)] * 20
    labels = ["good", "bad"] * (len(texts) // 2)
    pq.write_table(pa.table({"text": texts, "label": labels}), folder / "labelled.parquet")
    (folder / "web" / "deep").mkdir(parents=True)
    for name in ("a.parquet", "deep/b.parquet"):
        pq.write_table(
            pa.table({"url": ["u", "v"], "text": [good.format("salt"), bad.format("salt")]}), folder / "web" / name
        )
    (commands,) = blocks(README, "sh")
    short = commands.replace("labelled.parquet", "labelled.parquet --quality fast --epochs 3")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-e", "-c", short], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    for name in ("a.parquet", "deep/b.parquet"):
        assert pq.read_table(folder / "kept" / name)["url"].to_pylist() == ["u"], done.stderr


def test_python_of_contributing_tells_models_apart(folder: Path, model: Path) -> None:
    shutil.copy(model, folder / "before.textcnn")
    shutil.copy(model, folder / "after.textcnn")
    done = run_python(CONTRIBUTING, folder)
    assert done.returncode == 0 and done.stdout.endswith("tensors are the same\n"), done.stderr
    spoilt = bytearray((folder / "after.textcnn").read_bytes())
    spoilt[-1] ^= 1
    (folder / "after.textcnn").write_bytes(spoilt)
    assert "AssertionError" in run_python(CONTRIBUTING, folder).stderr


# --------------------------------------------------------------------------------------------- the first screen


def test_first_screen_says_what_it_is_how_to_install_and_what_it_does() -> None:
    first = "\n".join(README.splitlines()[:SCREEN])
    assert first.startswith("# textcnn\n\n**")
    assert "    pip install ." in first
    block = blocks(first, "console")[0]
    assert block.count("\n") <= TRANSCRIPT
    assert [name for name in ("train", "evaluate", "predict") if f"$ textcnn {name}" not in block] == []


def test_the_two_commands_are_on_the_first_screen_and_exist() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    first = README.splitlines()[:SCREEN]
    for command in ("demo", "test"):
        assert any(line.startswith(f"    make {command} ") for line in first)
    for document in (README, CONTRIBUTING):
        named = re.findall(r"(?:`|^ {4})make ((?:\w+ ?)+)", document, re.MULTILINE)
        assert named and not {name for names in named for name in names.split()} - set(targets)


def test_the_version_of_python_is_that_of_the_package() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    for name in DOCUMENTS:
        named = re.findall(r"Python (\d+\.\d+) or newer", (ROOT / name).read_text(encoding="utf-8"))
        assert {f">={version}" for version in named} <= {wanted}
    assert "Python 3" in README


# ----------------------------------------------------------------------------------------- commands and options


def options() -> dict[str, set[str]]:
    """The options of each command of the program, by its full name, such as `textcnn vectors list`."""
    from typer.main import get_command

    from textcnn.cli.application import program

    found: dict[str, set[str]] = {}

    def visit(name: str, command: object) -> None:
        named = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}  # type: ignore[attr-defined]
        found[name] = {option for option in named if option.startswith("-")} | {"-h", "--help"}
        for below, other in getattr(command, "commands", {}).items():
            visit(f"{name} {below}", other)

    visit("textcnn", get_command(program()))
    return found


def shown_commands(document: str) -> Iterator[list[str]]:
    """The words of each call of the program, from transcripts, indented lines and code in the text."""
    fenced = r"^```.*?^```"
    prose = re.sub(fenced, "", document, flags=re.DOTALL | re.MULTILINE)
    lines = [line[2:] for block in blocks(document, "console") for line in block.splitlines() if line[:2] == "$ "]
    lines += re.findall(r"^ {4}(.+)", prose, re.MULTILINE)
    lines += [code.replace("\n", " ") for code in re.findall(r"`([^`]+)`", prose)]
    for line in lines:
        for part in re.split(r" [|] ", re.sub(r"\s#\s.*", "", line)):
            called = re.fullmatch(r"(?:[A-Z_]+=\S+ )*(textcnn(?: .*)?)", part.strip())
            if called:
                yield shlex.split(called[1])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_and_option_shown_exists(name: str) -> None:
    known, document = options(), (ROOT / name).read_text(encoding="utf-8")
    for words in shown_commands(document):
        command = next(" ".join(words[:count]) for count in (3, 2, 1) if " ".join(words[:count]) in known)
        assert len(words) == 1 or command != "textcnn" or words[1].startswith("-"), " ".join(words)
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given <= known[command], f"{command} has no {given - known[command]}"


@pytest.mark.parametrize("document", [README, CONTRIBUTING], ids=DOCUMENTS[:2])
def test_every_option_named_exists(document: str) -> None:
    known = set().union(*options().values(), {"--no-deps"})  # that one is pip's
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", document)) <= known


def test_every_command_is_mentioned() -> None:
    assert [name for name in options() if name.count(" ") == 1 and name not in README] == []


# ------------------------------------------------------------------------------------------------------- the maps


def modules(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.py")} - {"__init__.py"}


def test_the_map_is_the_folders_and_comes_last() -> None:
    tree = next(body for body in blocks(README, "text") if body.startswith("textcnn/\n"))
    assert re.fullmatch(r"```\n\nLicence: (?:[^\n]+\n)+", README.split(tree)[1])
    package, rest = tree.split("\ndata/")
    mapped = {line.split()[0] for line in package.splitlines() if line.startswith("  ")}
    there = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert mapped == there | modules(PACKAGE) - {"__main__.py", "version.py"}
    assert rest.split()[0] and "\ntests/" in rest
    named = re.findall(r"\b[a-z]+/[a-z]+/", tree)
    assert named and [name for name in named if not (PACKAGE / name).is_dir()] == []


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/**/__init__.py")), ids=lambda path: path.parent.name)
def test_every_package_names_its_files(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert set(re.findall(r"(?<![\w/.])\w+\.py\b", docstring)) == modules(path.parent)


def test_the_picture_of_layers_is_that_of_the_imports() -> None:
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text(encoding="utf-8"))
    held = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "LAYERS")  # type: ignore[attr-defined]
    picture = next(body for body in blocks(CONTRIBUTING, "text") if "↓" in body)
    drawn = [{re.sub(r"/|\.py$", "", name) for name in layer.split()} for layer in picture.split("↓")]
    assert drawn == ast.literal_eval(held)
    assert all((PACKAGE / name).exists() for name in picture.replace("↓", " ").split())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_named_is_there(name: str) -> None:
    document, folder = (ROOT / name).read_text(encoding="utf-8"), (ROOT / name).parent
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", document) if "://" not in link}
    assert [link for link in links if not (folder / link).exists()] == []
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", document))
    homes = (ROOT, folder, PACKAGE) if folder != ROOT / "data" else (folder,)
    assert [file for file in named if not any((home / file).exists() for home in homes)] == []
