"""Writes a scenario for sipp: a trunk that refuses, with the status that the
last three digits of the number are. (sipp takes no status out of a variable.)"""

STATUSES = [
    400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 413, 415, 420, 423, 480, 481, 482, 483, 484,
    485, 486, 487, 488, 491, 493, 500, 501, 502, 503, 504, 505, 513, 580, 600, 603, 604, 606, 607,
]
ANSWER = """
  <label id="{status}"/>
  <send retrans="500" next="4">
    <![CDATA[
SIP/2.0 {status} Refused
[last_Via:]
[last_From:]
[last_To:];tag=[pid]-[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

    ]]>
  </send>"""
ASKED = """
      <ereg regexp="^INVITE sip:[+0-9]*{status}@" search_in="msg" assign_to="is_{status}"/>"""
THERE = """
  <label id="1"/>
  <send next="3">
    <![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]-[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

    ]]>
  </send>"""
JUMP = """
  <nop next="{status}" test="is_{status}"/>"""


def each(text):
    return "".join(text.format(status=status) for status in STATUSES)


print(f"""<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="refuses">
  <recv request="OPTIONS" optional="true" next="1"/>
  <recv request="INVITE" next="2">
    <action>{each(ASKED)}
    </action>
  </recv>{THERE}
  <label id="2"/>{each(JUMP)}{each(ANSWER)}
  <label id="4"/>
  <recv request="ACK"/>
  <label id="3"/>
  <timewait milliseconds="200"/>
</scenario>""")
