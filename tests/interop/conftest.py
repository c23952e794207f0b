"""One node process with five pairs of doors, one chain, and the judges of both, for all tests of this folder."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.interop.chain_place import ChainPlace, chain_driver, running_chain
from tests.interop.driving import Driver
from tests.interop.place import MODES, Place, running_node
from tests.interop.python_env import judge
from tests.interop.sdk import driver

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The node that tests share, which must not be harmed: those that do make their own."""
    with running_node(tmp_path_factory.mktemp("place"), MODES) as place:
        yield place


@pytest.fixture(scope="session")
def sdk(place: Place) -> Iterator[Driver]:
    """The SDK, knowing the five doors."""
    with driver(place.told(), place.root / "driver.log") as one:
        yield one


@pytest.fixture(scope="session")
def web(place: Place) -> Iterator[Driver]:
    """What browsers get of the SDK, which speaks over WebSocket alone."""
    with driver(place.told(), place.root / "web-driver.log", "--conditions=browser") as one:
        yield one


@pytest.fixture(params=["sdk", "web"])
def app(request: pytest.FixtureRequest) -> Driver:
    """An application of the SDK: once as on a server, once as in a browser."""
    one: Driver = request.getfixturevalue(request.param)
    return one


@pytest.fixture(params=["grpc", "ws"])
def ask(request: pytest.FixtureRequest, sdk: Driver) -> Ask:
    """Run a case of the SDK over gRPC, and again over WebSocket."""
    return partial(_ask, sdk, request.param)


def _ask(sdk: Driver, transport: str, case: str, **args: Any) -> dict[str, Any]:
    return sdk(case, transport, **args)


@pytest.fixture(scope="session")
def substrate_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """substrate-interface and the libraries it stands on: scalecodec and ed25519-zebra."""
    with judge("substrate", tmp_path_factory.mktemp("substrate") / "judge.log") as one:
        yield one


@pytest.fixture(scope="session")
def async_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """async-substrate-interface."""
    with judge("async", tmp_path_factory.mktemp("async") / "judge.log") as one:
        yield one


@pytest.fixture(scope="session")
def chain_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainPlace]:
    """The one chain of this session."""
    with running_chain(tmp_path_factory.mktemp("chain")) as place:
        yield place


@pytest.fixture
def chain(chain_process: ChainPlace) -> ChainPlace:
    """The chain that tests share: it goes on, and nobody breaks it."""
    return chain_process.living()


@pytest.fixture(scope="session")
def js_process(chain_process: ChainPlace) -> Iterator[Driver]:
    """One process of polkadot-js and the SDK's chain client."""
    with chain_driver(chain_process, chain_process.log.with_name("js.log")) as one:
        yield one


@pytest.fixture
def js(chain: ChainPlace, js_process: Driver) -> Driver:
    """polkadot-js and the SDK's chain client, on a chain that lives."""
    return js_process
