"""One seed, one world: built, plagued, watched and brought to its end. What every seed must survive."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec

from batchyard.capacity.base import Host
from batchyard.kit.chance import chance
from batchyard.kit.virtualtime import run
from batchyard.simulator import engine as engines
from batchyard.simulator import store as stores
from batchyard.simulator.workload import Crowd, Workload, fates
from batchyard.simulator.world import Faults, World

HOSTS = (
    Host(id="i-large", vcpus=4000, memory_mib=4096),
    Host(id="i-small", vcpus=2000, memory_mib=2048),
    Host(id="i-lean", vcpus=3000, memory_mib=1024),
)
_LIMIT_S = 3600.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a world came to. Without `breaches` all was well."""

    seed: int
    breaches: list[str]
    jobs: int
    statuses: dict[str, int]
    """Jobs by final status, array parents left out."""
    commits: int
    attempts: int
    crashes: int
    virtual_s: float


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A world to be: hosts, callers, faults."""

    hosts: tuple[Host, ...] = HOSTS
    workload: Workload = Workload()
    faults: Faults = Faults()


def random_setting(seed: int) -> Setting:
    """A world of this seed's own: from quiet ones to those where everything goes wrong at once."""
    random = chance(seed, "setting")
    rough = random.random()
    often = random.choice((None, 60.0, 200.0))
    return Setting(
        workload=Workload(
            callers=random.randint(1, 4),
            actions=random.choice((10, 20, 30)),
            pause_s=random.choice((0.1, 2.0, 10.0)),
            largest_array=random.choice((5, 40, 40, 300)),
            max_vcpus=random.choice((4, 8, 100)),
        ),
        faults=Faults(
            engine=engines.Faults(
                delay_s=random.choice((0.0, 0.01, 0.5)),
                lost_rings=rough * random.choice((0.0, 0.3, 1.0)),
                failing_calls=rough * random.choice((0.0, 0.02, 0.1)),
            ),
            store=stores.Faults(
                delay_s=random.choice((0.001, 0.01, 0.3)), failing_writes=rough * random.choice((0.0, 0.03))
            ),
            lost_answers=rough * random.choice((0.0, 0.2)),
            crash_every_s=random.choice((None, 10.0, 60.0)),
            lose_host_every_s=often,
            lose_engine_every_s=random.choice((None, often, 300.0)),
        ),
    )


def run_seed(seed: int, setting: Setting | None = None) -> Result:
    """Run the world of a seed to its end or to its first breach."""
    return run(_world(seed, setting or random_setting(seed)))


async def _world(seed: int, setting: Setting) -> Result:
    world = World(seed, setting.hosts, fates(seed), faults=setting.faults)
    crowd = Crowd(world, setting.workload, seed)
    watch = asyncio.create_task(world.watch(), name="watch")
    story = asyncio.create_task(_story(world, crowd), name="story")
    while not story.done() and not world.breaches:
        await asyncio.wait([story], timeout=1.0)
    for task in (watch, story):
        task.cancel()
    ends = await asyncio.gather(watch, story, return_exceptions=True)
    await world.close()
    wrong = [repr(end) for end in ends if isinstance(end, Exception)]
    return Result(
        seed=seed,
        breaches=world.breaches + wrong,
        jobs=len(world.scene.witness.by_pk),
        statuses=Counter(life.status.name for life in world.scene.witness.by_pk.values() if life.size is None),
        commits=world.scene.witness.commit,
        attempts=len(world.engine.history),
        crashes=world.crashes,
        virtual_s=asyncio.get_running_loop().time(),
    )


async def _story(world: World, crowd: Crowd) -> None:
    await world.start()
    world.plague()
    await crowd.run()
    await crowd.wait()
    await world.heal()
    await crowd.clean_up()
    await world.settle(_LIMIT_S)
