"""A package with another reader of tone, as pip would lay it down: its scores take the model's place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.operator_error import OperatorError
from infra.reconcile.run import reconcile
from infra.verify.run import verify
from services.triage.readings import forget_reader, shared_reader
from services.triage.tone.signs import signs_in
from services.triage.tone_plug_in import PlugInError, installed

LOUD = '''
class Loud:
    """Reads capitals as hostility."""

    version = "loud-1"

    def score(self, texts, languages):
        if "BROKEN" in texts:
            raise RuntimeError(texts[0])
        if "SHORT" in texts:
            return []
        if "SURE" in texts:
            return [{"hostility": 1.5} for _ in texts]
        if "UNKNOWN" in texts:
            return [{"joy": 0.5} for _ in texts]
        return [{"hostility": sum(map(str.isupper, text)) / max(len(text), 1), "distress": 0.25} for text in texts]
'''
Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return what lays down a package: its name, and the object that its entry point names."""
    _forget()
    monkeypatch.syspath_prepend(str(tmp_path))

    def lay_down(name: str, target: str) -> None:
        (tmp_path / f"{name}_tone.py").write_text(LOUD)
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[warmline.tone]\n{name} = {target}\n")

    yield lay_down
    _forget()


def _forget() -> None:
    installed.cache_clear()
    forget_reader()


def test_without_a_package_there_is_none(install: Install) -> None:
    assert installed() is None


def test_its_scores_take_the_model_s_place_behind_the_same_gates(install: Install) -> None:
    install("loud", "loud_tone:Loud")
    reader = shared_reader()
    assert reader.version.endswith("-loud-1")
    calm, attack = reader.read(["THE BUILD IS RED", "YOU IDIOT"])
    assert (calm.scores["hostility"], calm.hostility) == (pytest.approx(13 / 16), 0.0)
    [sign] = signs_in(attack)
    assert (sign.kind, sign.score) == ("hostility", pytest.approx(8 / 9, abs=0.001))


@pytest.mark.parametrize("text", ["BROKEN", "SHORT", "SURE", "UNKNOWN"])
def test_the_text_it_fails_on_is_not_scored_all_others_are_and_no_text_is_logged(
    install: Install, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    install("loud", "loud_tone:Loud")
    scorer = installed()
    assert scorer is not None
    [alone] = scorer.score(["I told nobody"], ["en"])
    assert alone == {"hostility": pytest.approx(1 / 13), "distress": 0.25}
    assert scorer.score(["I told nobody", text, "I told nobody"], ["en"] * 3) == [alone, {}, alone]
    told = capsys.readouterr().out
    assert "the tone plug-in failed" in told
    assert "nobody" not in told


def test_two_are_one_too_many(install: Install) -> None:
    install("loud", "loud_tone:Loud")
    install("quiet", "quiet_tone:Loud")
    with pytest.raises(PlugInError, match=r"loud = loud_tone:Loud of loud, quiet = .* Uninstall all but one"):
        installed()


@pytest.mark.parametrize("command", [verify, reconcile])
async def test_who_folds_messages_beside_triage_refuses_one_that_cannot_be_loaded(
    install: Install, command: Callable[..., Coroutine[Any, Any, object]]
) -> None:
    install("loud", "nowhere_tone:Loud")
    with pytest.raises(OperatorError, match=r"as triage folds them: .* of loud cannot be loaded: .*Mend or uninstall"):
        await command(object(), object())


@pytest.mark.parametrize("target", ["nowhere_tone:Loud", "loud_tone:Missing", "builtins:dict"])
def test_one_that_cannot_be_loaded_says_which(install: Install, target: str) -> None:
    install("loud", target)
    with pytest.raises(PlugInError, match=rf"loud = {target} of loud cannot be loaded: .*Mend or uninstall"):
        installed()
