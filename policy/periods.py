"""The periods that the policy promises, each with the section (§) it stands in. They are the longest allowed.

A setting may only shorten them. The notice that applicants read shows these same constants.
"""

from typing import Final

RETENTION_YEARS: Final = 2
"""§7: candidates are kept for two calendar years from the date of last contact."""

EXTENSION_MONTHS: Final = 24
"""§7, "for a longer period if you wish": months that a consent adds to the due date it was given under."""

EXTENSION_CAP_MONTHS: Final = 48
"""§7: no consent reaches further than this many months from the day it was given."""

SOURCED_NOTICE_MONTHS: Final = 1
"""GDPR Art. 14(3): a person whom we approached is told within this many months of collection, or is erased."""

SOURCED_UNANSWERED_MONTHS: Final = 24
"""§7: the most months that a person who never answered is kept after the first outreach."""

REVIEW_HOLD_MONTHS: Final = 6
"""A hold, or a restriction that outlives the base period, is reviewed at least this often."""

CLAIM_YEARS: Final = 1
"""Non-Discrimination Act 1325/2014: a claim over recruitment is brought within a year of notice of the decision."""

ACTS_YEARS: Final = 2
"""Acts in the audit log, the ledger and the privacy journal are kept for two calendar years."""

REGISTER_YEARS: Final = 3
"""The register of requests is kept for three calendar years without the identity of who asked."""

TECHNICAL_DATA_YEARS: Final = 1
"""§7: technical and usage data, access events included, are kept for at most one year."""

REVIEW_MONTHS: Final = 12
"""§7: the need for contacts, enquiries and subscriptions is reviewed at least this often."""

REQUEST_ANSWER_MONTHS: Final = 1
"""§8 and GDPR Art. 12(3): a data subject request is answered within one calendar month."""

REQUEST_EXTENSION_MONTHS: Final = 2
"""GDPR Art. 12(3): further months, if the person is told within the first, with reasons."""
