"""Settings that are dangerous, and such as a start would refuse."""

from pathlib import Path

import pytest

from edge_node.doctor.settings import check_settings, judge_unloadable
from edge_node.settings import SettingsError
from tests.doctor.rig import settings_of, site_of, verdicts


@pytest.mark.parametrize(
    ("lines", "word", "verdict"),
    [
        ('[http]\nlisten = "0.0.0.0:8091"\nplain = "lan"', "everybody on the network", "warn"),
        ('[grpc]\nlisten = "0.0.0.0:9091"\nplain = "lan"', "tokens", "warn"),
        ('[grpc]\nlisten = ""\nplain = "lan"\n[ddc]\ndoors = ["cache grpc=0.0.0.0:9092"]', "0.0.0.0:9092", "warn"),
        ('[http]\nhosts = ["*"]', "rebinding", "warn"),
        ("[journal]\nreserve_bytes = 0", "deletes", "warn"),
        ("[journal]\nfree_min_bytes = 0", "last byte", "warn"),
        ('[control]\nsocket = "none"', "operated", "warn"),
        ('[http]\nlisten = ""\nlisten_tls = ""', "no device", "bad"),
    ],
)
def test_a_risk_is_named_with_a_way_out(tmp_path: Path, lines: str, word: str, verdict: str) -> None:
    """Each is allowed, and each has a price."""
    found = check_settings(site_of(settings_of(tmp_path / "n", lines)))
    assert word in found[0].evidence
    assert found[0].verdict == verdict
    assert found[0].remedy
    assert found[-1].verdict == "ok"


def test_the_defaults_are_no_risk(tmp_path: Path) -> None:
    """One finding, and it is well."""
    assert verdicts(check_settings(site_of(settings_of(tmp_path / "n")))) == {"settings.file": "ok"}


def test_a_plain_door_on_the_loopback_is_no_risk(tmp_path: Path) -> None:
    """`lan` allows, it does not open."""
    loaded = settings_of(tmp_path / "n", '[http]\nplain = "lan"\n[grpc]\nplain = "lan"')
    assert verdicts(check_settings(site_of(loaded))) == {"settings.file": "ok"}


def test_an_unknown_name_is_told_with_its_place(tmp_path: Path) -> None:
    """As a start would say it."""
    with pytest.raises(SettingsError) as caught:
        settings_of(tmp_path / "n", "[journal]\nsegment_bites = 7")
    found = judge_unloadable(caught.value)
    assert found.verdict == "bad"
    assert "segment_bites" in found.evidence
    assert "n.toml:" in found.facts["where"]
