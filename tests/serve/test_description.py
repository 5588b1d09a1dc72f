"""What the server's own description allows, and what it forbids, is asked by schemathesis; nothing gets a 5xx."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from program import ROOT
from serving import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("schemathesis") is None, reason="there is no schemathesis"),
]


@pytest.mark.parametrize("token", [False, True], ids=["open", "token"])
def test_answers_are_as_described_whatever_is_asked(model, folder, token):
    (folder / "token").write_text("f00dfacef00dfacef00dface")
    (folder / "token").chmod(0o600)
    with serving(model, *(["--token-file=token"] if token else [])) as server:
        headers = [f"--header=Authorization: Bearer {(folder / 'token').read_text()}"] if token else []
        # Fields of which each is valid may not go together, or name no label of the model: that is no fault.
        checks = ["--checks=all", "--exclude-checks=positive_data_acceptance"]
        options = [*checks, "--max-examples=100", "--seed=1", "--mode=all", "--workers=2", *headers]
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", f"{server.address}/openapi.json", *options],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr
        assert " passed" in done.stdout
        assert server.stop() == (0, "")
