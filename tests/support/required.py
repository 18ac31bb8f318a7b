"""Where EXPSYNCD_LABS=required, as in CI, a lab, fault or browser test that could not run is a failure and no skip."""

from __future__ import annotations

import os

import pytest

REAL = {"labs", "faults", "browser"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn the skip of a test below labs/, faults/ or browser/ into a failure that names the reason."""
    report = yield
    if report.skipped and required() and REAL & {parent.name for parent in item.path.parents}:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} could not run here and EXPSYNCD_LABS=required: {reason}"
    return report


def required() -> bool:
    """Whether every lab must run."""
    return os.environ.get("EXPSYNCD_LABS") == "required"
