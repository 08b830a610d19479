"""The privacy officer's admin."""

from privacy.admin.bulk import BulkErasureAdmin
from privacy.admin.erasures import ErasureBatchAdmin, ErasureCaseAdmin
from privacy.admin.holds import HoldAdmin
from privacy.admin.requests import SubjectRequestAdmin
from privacy.admin.restrictions import RestrictionAdmin
from privacy.admin.stops import RunStopAdmin

__all__ = [
    "BulkErasureAdmin",
    "ErasureBatchAdmin",
    "ErasureCaseAdmin",
    "HoldAdmin",
    "RestrictionAdmin",
    "RunStopAdmin",
    "SubjectRequestAdmin",
]
