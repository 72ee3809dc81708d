# Decodes a reply from standard input with librouteros and prints the seconds of each round. Bytes come from
# memory, which spares it the system calls that a socket would cost.
import io
import sys
import time

from librouteros.api import Api
from librouteros.protocol import ApiProtocol

rows, rounds = int(sys.argv[1]), int(sys.argv[2])
reply = sys.stdin.buffer.read()
for round in range(rounds):
    api = Api(ApiProtocol(io.BytesIO(reply), "utf-8"))
    start = time.perf_counter()
    answer = api.readResponse()
    print(time.perf_counter() - start)
    assert len(answer) == rows and answer[-1][".id"] == f"*{rows:X}", len(answer)
