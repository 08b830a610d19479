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

TECHNICAL_DATA_YEARS: Final = 1
"""§7: technical and usage data, access events included, are kept for at most one year."""

REVIEW_MONTHS: Final = 12
"""§7: the need for contacts, enquiries and subscriptions is reviewed at least this often."""

REQUEST_ANSWER_MONTHS: Final = 1
"""§8 and GDPR Art. 12(3): a data subject request is answered within one calendar month."""

REQUEST_EXTENSION_MONTHS: Final = 2
"""GDPR Art. 12(3): further months, if the person is told within the first, with reasons."""
