"""The labelled sets: where each comes from, and under which licence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.tone.examples import READERS, Example
from benchmarks.tone.parallel import Pair, read_pairs

_LARGEST: Final = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A file of a public repository; ``may_train`` says whether its licence lets weights trained on it be shipped."""

    name: str
    repository: str
    commit: str
    path: str
    sha256: str
    licence: str
    may_train: bool
    use: str

    @property
    def address(self) -> str:
        """Where the file is to be had."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.path}"


class SetMissingError(Exception):
    """A file of a set is not in the folder; the message says where it is to be had."""


def _goemotions(part: str, sha256: str, use: str) -> Origin:
    return Origin(
        name=f"goemotions-{part}",
        repository="monologg/GoEmotions-pytorch",
        commit="b75f9d3a8b76bc1060687925b04ca98a1b8ea66b",
        path=f"data/original/{part}.tsv",
        sha256=sha256,
        licence="Apache-2.0",
        may_train=True,
        use=use,
    )


def _germeval(part: str, sha256: str, use: str) -> Origin:
    return Origin(
        name=f"germeval2018-{part}",
        repository="uds-lsv/GermEval-2018-Data",
        commit="9877472d39523effd54cd079b4c61157ed141508",
        path=f"germeval2018.{part}.txt",
        sha256=sha256,
        licence="CC BY 4.0",
        may_train=True,
        use=use,
    )


def _brighter(language: str, sha256: str) -> Origin:
    return Origin(
        name=f"brighter-{language}",
        repository="emotion-analysis-project/SemEval2025-Task11",
        commit="513a7e8bef7ef6370ac416ced97efba338c47c97",
        path=f"task-dataset/semeval-2025-task11-dataset/track_a/train/{language}.csv",
        sha256=sha256,
        licence="CC BY 4.0, said only in a part of its README that is commented out",
        may_train=False,
        use="measured with, never trained on",
    )


def _xed(part: str, path: str, sha256: str, use: str = "trained on") -> Origin:
    return Origin(
        name=f"xed-{part}",
        repository="Helsinki-NLP/XED",
        commit="76666d251f147cf518071bef4f8415dab6b96115",
        path=path,
        sha256=sha256,
        licence="CC BY 4.0",
        may_train=True,
        use=use,
    )


def _tatoeba(language: str, repository: str, commit: str, path: str, sha256: str) -> Origin:
    return Origin(
        name=f"tatoeba-{language}",
        repository=repository,
        commit=commit,
        path=path,
        sha256=sha256,
        licence="CC BY 2.0 FR: tatoeba.org, packed by manythings.org",
        may_train=True,
        use="trained on: scored in English",
    )


ORIGINS: Final = {
    origin.name: origin
    for origin in (
        _goemotions("train", "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5", "trained on"),
        _goemotions("test", "0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4", "measured with"),
        Origin(
            name="goemotions_german-test",
            repository="a-rios/emotion_detection",
            commit="8a2ce879462182beb2505626977715bbe8225fe9",
            path="data/GoEmotions_German/test.csv",
            sha256="c4e3ca4c6963ff9fb929aa6fc5855961628d946f5f63d6284293958dfb43d88e",
            licence="GPL-3.0, a machine's translation of GoEmotions",
            may_train=False,
            use="optional; measured with",
        ),
        _germeval("training", "0f88c63a344e1ab69c5407aa539d1612cd82a96b51ebd6bd613dc70ff9fef03e", "trained on"),
        _germeval("test", "45f31510b305d080a933d4087b8d34f7a5e4087141718955b90357ca730074f2", "measured with"),
        _xed(
            "en", "AnnotatedData/en-annotated.tsv", "26ac0254fbdb8b09cf2b00d44041d9084ece31bd200ae7c0e0662fbd8b037d98"
        ),
        _xed("neutral", "AnnotatedData/neu_en.txt", "6e8b38af83b80fb64ec1139007973b1f09ec16d48549e82de22423cdba259f08"),
        _xed(
            "de",
            "Projections/de-projections.tsv",
            "9043be088b835643bb752a9f252809ac4d029ae5edbfee8fe45eae2c19e1443b",
            use="measured with",
        ),
        _xed(
            "fr",
            "Projections/fr-projections.tsv",
            "261c9ed2de974d8e38882699825bd2905ae0482c620dd15200bc5f43055b04b6",
            use="measured with",
        ),
        _xed(
            "es", "Projections/es-projections.tsv", "5e857aa6e4a09e5dd7e2029439fac60d555a452d8b5ead099f1be7ee7ea3c38e"
        ),
        _xed(
            "pt", "Projections/pt-projections.tsv", "bf6c1db185b0038bae80205377b5be84b85d97ab70bb7df1fdcc867f9e3cfb6e"
        ),
        _xed(
            "ptbr", "Projections/br-projections.tsv", "e37c1e7344b80732d19db1b6a77fffaf536718b490c844ebca715b73d9d763cc"
        ),
        _tatoeba(
            "de",
            "rioyshky/translation",
            "de48b7027f7318d77010a6e08ed928c10748c23d",
            "deu-eng.zip",
            "b7688f84f99fa33c17397c14d8bd9cef1fdeb2ee0bf50074767023aee8926e28",
        ),
        _tatoeba(
            "es",
            "Hoangduc212001/hoang",
            "2cfd26f9551f5c2d614e8000500891801840a438",
            "spa-eng.zip",
            "f80e581ae291aa34dd3aba7bd98b5e9505234da4318e2f3295df70a1520c7f61",
        ),
        _tatoeba(
            "fr",
            "genimind/seq2seq",
            "4f3f8eb0adde54fcc8b89394336b002e7961244c",
            "fra-eng.zip",
            "16c4f7d0df9e7c5e6c54cdb0447f3f4a18a55052ff5e2e0b27dd4a06c0e49d04",
        ),
        Origin(
            name="premo",
            repository="opus-research/sentiment-dataset",
            commit="637b037ecca569e872e56bbccf81715ae7d627ab",
            path="data/dataset.json",
            sha256="06c604e0daaa5964de30026019e6dbe3ab29b4849b38ea92e7ed6335f46e7fa6",
            licence="MIT",
            may_train=True,
            use="measured with, whole",
        ),
        Origin(
            name="senti4sd-test",
            repository="collab-uniba/Senti4SD",
            commit="8a3467e9e8dbaa0af9343862aadc83a56a4668bc",
            path="Senti4SD_GoldStandard_and_DSM/Senti4SD_Train_Test_Partitions/test1326itemPOLARITY.csv",
            sha256="a828541a0d63ef61a35540e7ef88051edd712509a4a5acb54941fe1434a4cd75",
            licence="MIT",
            may_train=True,
            use="measured with",
        ),
        Origin(
            name="incivility",
            repository="vcu-swim-lab/incivility-dataset",
            commit="5e76aa97b0f57a4cf58c021469c79d4d1e805885",
            path="dataset/annotated_comment_level.csv",
            sha256="8feaef255cb9a741626c3ce10835c69405a75fb070993c2f2f6619c00c5cd972",
            licence="MIT",
            may_train=True,
            use="measured with, whole",
        ),
        Origin(
            name="suicidewatch",
            repository="hesamuel/goodbye_world",
            commit="4f837f89d96560d0bb6003e87fa042f6269cee38",
            path="data/suicide_watch.csv",
            sha256="b94ef134dda5e882c816d6edc37d580aef0dcd301acaf2f8cb04d162998e81b1",
            licence="none stated",
            may_train=False,
            use="optional; one half read to mend the lists, measured with the other",
        ),
        _brighter("deu", "e0006e837a74afcc46f12c877442e4823a0de6a396afa37b7949487e2940b295"),
        _brighter("eng", "b1f0115cfb31e7da089e06a963d774d1c95c8353a4cea5f0804cb9649cb5f684"),
        _brighter("esp", "136e5a49e3fd0f270e40985b66c7c804cca649888a606ce47d0536082ea412d7"),
        _brighter("ptbr", "ca24d3eab10afef0682e778a735e7c21611f3d027bd88341d3f7aa3d9aee6ae0"),
    )
}


class Sets:
    """The labelled sets of a folder, whatever its files are called."""

    def __init__(self, folder: Path) -> None:
        """Look at the files below ``folder``."""
        wanted = {origin.sha256 for origin in ORIGINS.values()}
        self._folder = folder
        self._paths = {
            digest: path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.stat().st_size < _LARGEST
            if (digest := hashlib.sha256(path.read_bytes()).hexdigest()) in wanted
        }

    def has(self, name: str) -> bool:
        """Tell whether the file of a set is there."""
        return ORIGINS[name].sha256 in self._paths

    def read(self, name: str) -> list[Example]:
        """Return the examples of a set. Raise SetMissingError when no file below the folder is the one it names."""
        return READERS[name.partition("-")[0]](self._path(name))

    def pairs(self, name: str) -> list[Pair]:
        """Return the sentences of a set in two languages. Raise SetMissingError as ``read`` does."""
        return read_pairs(self._path(name))

    def _path(self, name: str) -> Path:
        origin = ORIGINS[name]
        path = self._paths.get(origin.sha256)
        if path is None:
            raise SetMissingError(
                f"{name} is not in {self._folder}: put {origin.address} there, under any name"
                f" (SHA-256 {origin.sha256}, {origin.licence})."
            )
        return path
