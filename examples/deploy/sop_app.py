"""SOPs on many machines: a Celery app that the environment configures.

``python -m sop_app publish prospect.toml`` migrates the store and publishes; ``celery -A sop_app worker`` and
``celery -A sop_app beat`` work; ``python -m sop_app health`` is a probe.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from wecom_auto import BASE_URL, WeCom
from wecom_auto.directory import Directory
from wecom_auto.sop import Contents, Definition, Runner
from wecom_auto.sop.carriers.celery import create_app
from wecom_auto.store import open_store


def runner(*, migrate: bool = False) -> Runner:
    """Make the runner of one process."""
    engine = open_store(os.environ["WECOM_AUTO_STORE"], migrate=migrate)
    url = os.environ.get("WECOM_BASE_URL", BASE_URL)
    wecom = WeCom(os.environ["WECOM_CORP_ID"], os.environ["WECOM_SECRET"], base_url=url)
    contents = Contents.from_toml(os.environ.get("WECOM_AUTO_CONTENTS", "contents.toml"))
    return Runner(engine, wecom, Directory(engine, wecom.corp_id), contents)


app = create_app(os.environ["WECOM_AUTO_BROKER"], runner)


def main(command: str, *files: str) -> int:
    """Publish files, or say whether somebody has to look."""
    now = datetime.now(UTC)
    if command == "publish":
        publisher = runner(migrate=True)
        for file in files:
            publisher.publish(Definition.from_toml(Path(file)), now)
        return 0
    health = runner().health(now)
    print(health.state, *health.reasons, sep="\n")
    return health.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
