"""What the imp keeps of its configuration."""

import pytest


@pytest.mark.claim("r30-config-page-corruption-fix")
@pytest.mark.impos("34")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")
def test_configuration_survives_power_cuts(imp, judge, power_cycle):
    """imp-setproxy, api/system.yaml: proxy settings are stored, and imp.net.info() shows them. The supply
    goes right after they were written; from 34 on, as earlier releases have nothing that reads them back;
    not on the impC001, whose info has no ipv4."""
    for port in (8080, 3128, 1):
        imp.setproxy(imp.PROXY_TYPE_HTTP, "10.0.0.1", port)
        power_cycle()
        kept = imp.net.info()["ipv4"].get("proxy", {})
        judge.equal(
            f"proxy after the cut, port {port}", (kept.get("address"), kept.get("port")), ("10.0.0.1", port)
        )
    imp.clearconfiguration(imp.CONFIG_PROXY)
    judge.equal("proxy after clearconfiguration", imp.net.info()["ipv4"].get("proxy"), None)
