"""What is said to a phone: takes RTP on a loopback port, and appends the A-law
in it to a file."""

import socket
import sys

A_LAW = 8

media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
media.bind(("127.0.0.1", int(sys.argv[1])))
with open(sys.argv[2], "wb", buffering=0) as heard:
    while True:
        packet = media.recv(2048)
        # Version 2, and no more than a header of twelve bytes before the sound.
        if len(packet) > 12 and packet[0] == 0x80 and packet[1] & 0x7F == A_LAW:
            heard.write(packet[12:])
