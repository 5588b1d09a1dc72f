"""The texts that encoders read: where they are, and how their files become paragraphs. No label is read."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from inputs import CHITCHAT, WORDNET, Package, Repository, blobs, package_files, zipped

Reader = Callable[[str], Iterable[str]]


class Texts(NamedTuple):
    """A source of texts: how a file of it becomes paragraphs, and how many words of it are enough."""

    name: str
    origin: Package | Repository
    read: Reader
    words: int


def by_line(text: str) -> list[str]:
    """Each line."""
    return text.splitlines()


def whole(text: str) -> list[str]:
    """All of it; line breaks of HTML resolved."""
    return [re.sub(r"<br ?/?>", " ", text)]


def column(number: int, text: str) -> list[str]:
    """One field of lines separated by tabs."""
    rows = (line.split("\t") for line in text.splitlines())
    return [row[number] for row in rows if len(row) > number]


def first_of_csv(text: str) -> list[str]:
    """The first column, without its header."""
    return [row[0] for row in csv.reader(io.StringIO(text)) if row][1:]


def json_strings(field: str, text: str) -> Iterator[str]:
    """Every string of a name, wherever it is in the structure."""
    for found in re.finditer(rf'"{field}":\s*("(?:[^"\\]|\\.)*")', text):
        yield json.loads(found.group(1), strict=False)


def tagged(pattern: str, text: str) -> list[str]:
    """What stands between tags."""
    return [html.unescape(found).replace("\x03", " ") for found in re.findall(pattern, text, re.DOTALL)]


def conllu(text: str) -> list[str]:
    """The sentences of a treebank; those whose words were taken out have underscores."""
    return [line[9:] for line in text.splitlines() if line.startswith("# text = ") and "___" not in line]


def without_tags(text: str) -> list[str]:
    """Lines of word_TAG."""
    return [" ".join(token.rsplit("_", 1)[0] for token in line.split()) for line in text.splitlines()]


def questions(text: str) -> list[str]:
    """The questions of a quiz."""
    return re.findall(r"#Q (.*?)\n\^", text, re.DOTALL)


_HEADER = re.compile(r"^[A-Z][\w-]+: |^\s*[>|:}\]]|writes:|@")


def newsgroup(text: str) -> list[str]:
    """The paragraphs of an article, without header and quotations; some copies have tabs for line breaks."""
    lines = (text.replace("\t", "\n") if text.count("\n") < 5 else text).splitlines()
    return re.split(r"\n\s*\n", "\n".join(line for line in lines if not _HEADER.search(line)))


def glosses(text: str) -> Iterator[str]:
    """The entries of WordNet: words, meaning, examples."""
    for line in text.splitlines():
        if " | " in line and not line.startswith("  "):
            entry, gloss = line.split(" | ", 1)
            fields = entry.split()
            words = [
                re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            ]
            yield f"{', '.join(words[:4])}: {gloss.strip()}"


QUIZ = Repository(
    "uberspot/OpenTriviaQA",
    "dd31530bfbb19f9505b160b89c9df4b1127e3c70",
    ("categories/*",),
    "8e76f9195468c52c3a34441c71e4f2b7a27aa646bbceb1abd625cf9c0c3bc397",
    "CC BY-SA 4.0",
)
NLTK = ("nltk/nltk_data", "5db857e6f7df11eabb5e5665836db9ec8df07e28")

TEXTS = (
    Texts(
        "film reviews",
        Repository(
            "arvindsankar/Group-labels-to-individual-labels",
            "5e499e525d155c94d35c6e414aed62ef6efc7fb4",
            ("aclImdb/train/unsup/*.txt", "aclImdb/train/pos/*.txt", "aclImdb/train/neg/*.txt"),
            "419c8b587fd48a1b288dda83e549588fc4e4ac69289475d023d8bff244b57b22",
            "none stated; Maas et al. 2011",
        ),
        whole,
        1_800_000,
    ),
    Texts(
        "product reviews",
        Repository(
            "muko034/sentiment-prediction",
            "d01bfa53354a626230bfeba806f4aaad23a7a5e5",
            ("data/xml/*/*.review",),
            "9962098bfa06da3036d5c537e0b895cb96b713e3dc580dff7819f768f01dd2ee",
            "none stated; Blitzer et al. 2007",
        ),
        partial(tagged, r"<(?:review_text|title)>(.*?)</"),
        1_000_000,
    ),
    Texts(
        "pros and cons",
        Repository(
            *NLTK,
            ("packages/corpora/pros_cons.zip",),
            "b5bca541ba5b2e614cde2213ddcca027416f6997067c90e45c173bf55c6fade8",
            "CC BY 4.0; Ganapathibhotla and Liu 2008",
        ),
        partial(tagged, r"<(?:Pros|Cons)>(.*?)</"),
        200_000,
    ),
    Texts(
        "open American corpus",
        Repository(
            *NLTK,
            ("packages/corpora/masc_tagged.zip",),
            "678a5141cf3381bedb1839c58a330507337be07c7c71603279c0ef5337032304",
            "free; Ide et al. 2010",
        ),
        without_tags,
        600_000,
    ),
    Texts(
        "tweets",
        Repository(
            "cardiffnlp/tweeteval",
            "4fbd22cd78421f05b1ecdb4fc5725bc7a7bd8f66",
            tuple(f"datasets/{kind}/*_text.txt" for kind in ("emoji", "emotion", "irony", "offensive", "sentiment")),
            "be95a54d011a0456633df8919699895e92c6e02c057b60a0831f125ab014a50a",
            "none stated; Barbieri et al. 2020",
        ),
        by_line,
        900_000,
    ),
    Texts(
        "split sentences of Wikipedia",
        Repository(
            "google-research-datasets/wiki-split",
            "80f5bddf42d1a68201b7b107ee4b8d86d82e9fde",
            ("*.tsv",),
            "97654be41c2ac07b7bd298ce5f840653488a178a64bd6a4e4f07505d2c147b47",
            "CC BY-SA 4.0",
        ),
        partial(column, 0),
        500_000,
    ),
    Texts(
        "articles of Wikipedia",
        Repository(
            "pytorch/examples",
            "77f55b912142e11fcfdf5b530231fb9c52f181e8",
            ("word_language_model/data/wikitext-2/*.txt",),
            "f362b122427798569fa429fb17810414bdd67614c0cdfa3e976d1107126f81db",
            "CC BY-SA 3.0; Merity et al. 2016",
        ),
        by_line,
        450_000,
    ),
    Texts(
        "news of Reuters",
        Repository(
            "wuodar/reuters_text_classification",
            "f52c802bfa25fd4c39215a2e8ac6b25cd9a126d2",
            ("data/*.sgm",),
            "d2434f8ac33bd0e186ce67693526bbf8325b67641ad286e7cf9bbf3869fa1f92",
            "research; Lewis 1997",
        ),
        partial(tagged, r"<BODY>(.*?)</BODY>"),
        600_000,
    ),
    Texts(
        "newsgroups",
        Repository(
            "spoddutur/spark-ml-dashboard",
            "d95a19293f4cca408ae9c889921b91287f1514ba",
            ("data/20news-bydate-t*",),
            "417fa7269627d76a29a718b4aa9443ef203ed4ed4306d7e86882a8b6edd7e1ad",
            "none stated; Lang 1995",
        ),
        newsgroup,
        800_000,
    ),
    Texts(
        "statements of politicians",
        Repository(
            "tfs4/liar_dataset",
            "b6f55d759d525f7150637fcdbc2c517d049408b7",
            ("train.tsv", "valid.tsv", "test.tsv"),
            "81c1e2da8cc9b8f3a5b921c497ab6f239933c3aabdc0929780d706cd19ba3428",
            "none stated; Wang 2017",
        ),
        partial(column, 2),
        250_000,
    ),
    Texts(
        "web treebank: blogs, mail, answers, reviews",
        Repository(
            "UniversalDependencies/UD_English-EWT",
            "15d613d8447b3478787d4c278730a1e48a945efb",
            ("*.conllu",),
            "3681050e6237ce322c90fe34e7e6fee7d7224f3c15dd6b74b41d96bcc07c7ff4",
            "CC BY-SA 4.0",
        ),
        conllu,
        300_000,
    ),
    Texts(
        "multilayer corpus of Georgetown",
        Repository(
            "amir-zeldes/gum",
            "72ce5ac14978a324c2fd18d49484e65292cbe316",
            ("dep/*.conllu",),
            "a581d07c978bf75c8f968ecc84f7abee467aabcd81a68cc9a99f2fd7b40288b9",
            "CC BY 4.0 and others by text; Zeldes 2017",
        ),
        conllu,
        250_000,
    ),
    Texts(
        "dialogues with services",
        Repository(
            "google-research-datasets/dstc8-schema-guided-dialogue",
            "e852981ae34990f4358979625854259302feaa78",
            ("train/*.json", "dev/*.json"),
            "48d17ef2083ef4458928ec997c9a1685654546770abb101700a0346183835a70",
            "CC BY-SA 4.0",
        ),
        partial(json_strings, "utterance"),
        300_000,
    ),
    Texts(
        "orders",
        Repository(
            "google-research-datasets/Taskmaster",
            "d92cb6af3005f1dc09c39e75e7daf4a04905e00b",
            ("TM-4-2024/data/*.json",),
            "5755996c6cf019c2cb1496b785038ec3bc3861592d327b06d03387a372ceaf99",
            "CC BY 4.0",
        ),
        partial(json_strings, "text"),
        150_000,
    ),
    Texts(
        "requests to a home robot",
        Repository(
            "xliuhw/NLU-Evaluation-Data",
            "f6071b496b17d71e6eb43f543af0707f4ff30557",
            ("CrossValidation/out4RasaReal/*/merged/*KFold_[12]_*.json",),
            "cb27337088fefb7c6d9a9c31c549c9b7844b9021a0148c556b7e432dec4a47d5",
            "CC BY 4.0",
        ),
        partial(json_strings, "text"),
        250_000,
    ),
    Texts(
        "questions to a bank",
        Repository(
            "PolyAI-LDN/task-specific-datasets",
            "57ec275d8078af65b7731c2a98be812d844a6d6b",
            ("banking_data/*.csv",),
            "a8f908ac978a495cb35386236efe69ec44225050740f6d5f3c7353662d75a6ee",
            "CC BY 4.0",
        ),
        first_of_csv,
        200_000,
    ),
    Texts(
        "talk about topics",
        Repository(
            "alexa/Topical-Chat",
            "7c939229cbcf6f55f6977b341a5a2f2fe982d53f",
            ("conversations/*.json",),
            "3c1b89466d6180005ba213e92ffe786fb13397029769dfc5e730fd36f6de397e",
            "CDLA-Sharing 1.0",
        ),
        partial(json_strings, "message"),
        500_000,
    ),
    Texts("chat", CHITCHAT, partial(json_strings, "text"), 600_000),
    Texts(
        "queries",
        Repository(
            "google-research-datasets/query-wellformedness",
            "fb69c21416195cddc797277ea9e4d393226571d2",
            ("*.tsv",),
            "1b4c2792308fcbb92b7779303688db77fc4ecfc168f6be2c237cc49039e2ab48",
            "CC BY-SA 4.0",
        ),
        partial(column, 0),
        300_000,
    ),
    Texts("quiz", QUIZ, questions, 900_000),
    Texts("dictionary", WORDNET, glosses, 1_800_000),
)


def files(origin: Package | Repository, inputs: Path) -> Iterator[bytes]:
    """The files with texts."""
    if isinstance(origin, Package):
        pattern = "*/dataset.json" if origin is CHITCHAT else "*/wordnet/data.*"
        yield from package_files(inputs / origin.file, pattern)
        return
    for path, data in blobs(origin, inputs):
        if path.endswith(".zip"):
            yield from zipped(data, "*.txt")
        else:
            yield data


def decoded(data: bytes) -> str:
    """UTF-8, or else the Windows encoding."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
