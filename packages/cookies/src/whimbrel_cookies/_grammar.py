"""Which characters a cookie may hold (RFC 6265bis sections 4.1.1 and 5.6), as tables.

`CONTROL` finds, in bytes, the controls that condemn a whole Set-Cookie line: all but the horizontal tab.
`UNSENDABLE` finds, in text, what would end a cookie early in a Cookie field or could not be encoded;
surrogate escapes can, as the bytes that they stand for.
"""

import re

__all__ = ["ATTRIBUTE_OCTETS", "BLANKS", "CONTROL", "NAME_VALUE_OCTETS", "UNSENDABLE"]

# RFC 6265bis 5.6, step 5 and the attribute loop's step 6.
NAME_VALUE_OCTETS = 4096
ATTRIBUTE_OCTETS = 1024

BLANKS = b" \t"
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f;\ud800-\udc7f\udd00-\udfff]").search
