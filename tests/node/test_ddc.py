"""The DDC services of a node."""

from edge_node.serving import Router
from tests.gateway.ddc_rig import PRIVATE, ddc_at
from tests.gateway.rig import Site

METHODS = {
    "/file.FileApi/putRawPiece", "/file.FileApi/putMultipartPiece", "/file.FileApi/getFile",
    "/dag.DagApi/Put", "/dag.DagApi/Get", "/cns.CnsApi/Put", "/cns.CnsApi/Get",
}  # fmt: skip


async def test_every_method_of_the_sdk_is_answered(site: Site) -> None:
    """Under its name, letter by letter; HTTP reaches the same services."""
    async with ddc_at(site) as node:
        assert set(node.ddc.table) == METHODS
        router = Router()
        node.ddc.add_to(router, "full")
        paths = {path for _, path in router.routes()}
        assert {"/file.FileApi/{method}", "/dag.DagApi/{method}", "/cns.CnsApi/{method}"} <= paths
        assert any(path.startswith("/{bucket:number}") for path in paths)


async def test_puts_and_reads_share_the_budgets_of_http(site: Site) -> None:
    """What they hold is given back when they end."""
    async with ddc_at(site) as node:
        cid = await node.put(b"content", bucket=PRIVATE)
        assert await node.get(cid) == b"content"
        assert (node.bodies.held, node.answers.held) == (0, 0)
