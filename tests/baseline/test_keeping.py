"""Keeping the ledger: in a file, or behind a URL."""

from __future__ import annotations

import pytest
from ledgers import entry, ran, sha

from mlci.baseline import records
from mlci.baseline.keeping import command, record
from mlci.config.models import Baseline
from mlci.errors import UserError

CONFIG = "version: 1\ndatasets: {d: {path: d.csv}}\nbaseline: {reference: best}\n"
BEST = Baseline(reference="best")


@pytest.fixture(params=["file", "url"])
def kept(request, tmp_path, monkeypatch):
    """A configuration whose ledger is a file beside it, or behind a URL."""
    monkeypatch.setattr(records, "REMOTE", {"memory"})
    return Baseline(reference="best", ledger=".mlci/l.jsonl" if request.param == "file" else f"memory://{tmp_path}/l")


def test_record__adds_a_commit_once(kept, tmp_path):
    """A judged commit is added to what is there, and not again."""
    first = record(ran("a", reference=False), kept, tmp_path)
    again = record(ran("a", reference=False), kept, tmp_path)
    second = record(ran("b", "better"), kept, tmp_path)

    assert [len(first), len(again), len(second)] == [1, 0, 1]
    assert [(each.commit, each.best) for each in records.read(kept.ledger, tmp_path)] == [
        (sha("a"), True),
        (sha("b"), True),
    ]


@pytest.mark.parametrize(
    ("baseline", "update"),
    [(Baseline(), {}), (Baseline(reference="v1"), {}), (BEST, {"dirty": True}), (BEST, {"sha": ""})],
)
def test_record__what_is_not_kept(baseline, update, tmp_path):
    """Nothing is written where no best commit is asked for, or where what was judged is no commit."""
    results = ran("a", reference=False)
    changed = results.model_copy(update={"head": results.head.model_copy(update=update)})

    assert (record(changed, baseline, tmp_path), list(tmp_path.iterdir())) == ((), [])


@pytest.mark.parametrize(
    ("ledger", "why"), [("../l", "it lies outside of the repository"), ("a\0b", "that is no path")]
)
def test_records__what_is_no_place_for_it(ledger, why, tmp_path):
    """A ledger lies in the repository."""
    (tmp_path / "repo").mkdir()

    with pytest.raises(UserError, match=why):
        records.read(ledger, tmp_path / "repo", within=(tmp_path / "repo",))


def test_records__a_link_to_another_folder(tmp_path):
    """A folder that is a link does not lead to another ledger, nor does a draft that is one lead elsewhere."""
    repo = tmp_path / "repo"
    (repo / "evil").mkdir(parents=True)
    (repo / ".mlci").symlink_to("evil")
    (repo / "l.part").symlink_to(tmp_path / "escaped")

    with pytest.raises(UserError, match="a link is on the way to it"):
        records.read(".mlci/l", repo, within=(repo,))
    records.write("l", repo, [entry()], within=(repo,))
    assert (records.read("l", repo), (tmp_path / "escaped").exists()) == ((entry(),), False)


def test_records__stay_in_the_repository(tmp_path):
    """A link that leads out of the repository is neither read nor written through."""
    (tmp_path / "repo").mkdir()
    (tmp_path / "secret").write_text("token\n")
    (tmp_path / "repo" / "ledger").symlink_to(tmp_path / "secret")

    for act in (
        lambda: records.read("ledger", tmp_path / "repo", within=(tmp_path / "repo",)),
        lambda: records.write("ledger", tmp_path / "repo", [entry()], within=(tmp_path / "repo",)),
    ):
        with pytest.raises(UserError, match="a link is on the way to it"):
            act()
    assert (tmp_path / "secret").read_text() == "token\n"


@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff\xfe", "it is no UTF-8 text"), (b" " * (records.MOST + 1), "it is larger than 10 MB")]
)
def test_records__what_is_no_ledger(content, why, tmp_path):
    """What cannot be a ledger is refused in one sentence."""
    (tmp_path / "l").write_bytes(content)

    with pytest.raises(UserError, match=why):
        records.read("l", tmp_path)


def test_records__a_url_that_cannot_be_written(tmp_path, monkeypatch):
    """A file system that is not there is told by name, without its own words and without a password."""
    monkeypatch.setattr(records, "REMOTE", {"nowhere"})
    url = "nowhere://user:password@host/l"
    for act in (lambda: records.read(url, tmp_path), lambda: records.write(url, tmp_path, [entry()])):
        with pytest.raises(UserError, match=r"The ledger .* cannot be (read|written)") as caught:
            act()
        assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["reference://l::file:///refs.json", "file:///etc/passwd", "local:///x", "simplecache::s3://b/x", "git://x"]
)
def test_records__file_systems_that_are_not_used(url, tmp_path):
    """A ledger behind a file system of this machine, or one that runs what it reads, is refused unread."""
    for act in (lambda: records.read(url, tmp_path), lambda: records.write(url, tmp_path, [entry()])):
        with pytest.raises(UserError, match="is behind no file system that mlci uses for it"):
            act()


def test_command__show_list_prune(tmp_path):
    """The best commits, all of them, and none after pruning."""
    (tmp_path / "mlci.yml").write_text(CONFIG)
    records.write(
        BEST.ledger, tmp_path, [entry("a", best=True, value=0.91), entry("b"), entry("c", "other", best=True)]
    )

    assert command(tmp_path, "show") == ["* aaaaaaaaaaaa  m  roc_auc 0.91", "* cccccccccccc  other"]
    assert command(tmp_path, "list", model="m") == ["* aaaaaaaaaaaa  m  roc_auc 0.91", "  bbbbbbbbbbbb  m"]
    assert command(tmp_path, "prune", model="m") == ["2 entries of `m` removed from .mlci/ledger.jsonl."]
    assert command(tmp_path, "list", model=None) == ["* cccccccccccc  other"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"action": "prune"}, "needs a model"), ({"action": "show", "model": "n"}, "has no model 'n'")],
)
def test_command__what_it_refuses(arguments, message, tmp_path):
    """Pruning needs a model, and a model has to be there."""
    (tmp_path / "mlci.yml").write_text(CONFIG)
    records.write(BEST.ledger, tmp_path, [entry()])

    with pytest.raises(UserError, match=message):
        command(tmp_path, **arguments)


def test_command__nothing_yet(tmp_path):
    """An empty ledger says how to begin."""
    (tmp_path / "mlci.yml").write_text(CONFIG)

    assert "mlci run --record" in command(tmp_path, "show")[0]
