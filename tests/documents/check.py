"""Says what pyHanko thinks of a sealed PDF: `python check.py <file> <certificate in PEM>`, as JSON."""

import json
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

file, certificate = sys.argv[1:]
context = ValidationContext(trust_roots=list(load_certs_from_pemder([certificate])))
with open(file, "rb") as stream:
    signatures = PdfFileReader(stream).embedded_signatures
    verdicts = [validate_pdf_signature(signature, context) for signature in signatures]
    told = [
        {
            "intact": verdict.intact,
            "valid": verdict.valid,
            "trusted": verdict.trusted,
            "coverage": verdict.coverage.name,
            "accepted": verdict.bottom_line,
        }
        for verdict in verdicts
    ]
print(json.dumps(told))
