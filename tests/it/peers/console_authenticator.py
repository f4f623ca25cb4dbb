"""An authenticator on a telephone: reads the picture with zxing-cpp, and makes
codes with pyotp. Of every line of standard input, "SIDE | PATH | SECOND", it tells
the name, the issuer, the key, and the code of that second.
"""

import re
import sys

import numpy
import pyotp
import zxingcpp

SCALE = 8

print("ready", flush=True)
for line in sys.stdin:
    side, path, second = line.split(" | ")
    image = numpy.full((int(side), int(side)), 255, dtype=numpy.uint8)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path):
        image[int(y), int(x)] = 0
    image = numpy.kron(image, numpy.ones((SCALE, SCALE), dtype=numpy.uint8))
    address = zxingcpp.read_barcodes(image)[0].text
    totp = pyotp.parse_uri(address)
    print(totp.name, totp.issuer, totp.secret, totp.at(int(second)), sep=" | ", flush=True)
