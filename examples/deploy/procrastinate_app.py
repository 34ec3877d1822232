"""The same with Procrastinate: PostgreSQL holds the store and the jobs, and there is no broker.

``procrastinate --app procrastinate_app.app schema --apply`` once, then ``python -m procrastinate_app`` on each machine.
"""

import os

import procrastinate
from sop_app import runner

from wecom_auto.sop.carriers.procrastinate import register

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["PROCRASTINATE_URL"]))
carrier = register(app, runner)

if __name__ == "__main__":
    with app.open():
        carrier.run_worker(concurrency=4)
