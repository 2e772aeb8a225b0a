"""A worker of gpu-check that does what the backend of a part is called: answers, crashes, hangs, leaves."""

import json
import os
import signal
import sys
import time

for line in sys.stdin:
    part = json.loads(line)
    backend = part["backend"]
    print(f"working on {backend}", file=sys.stderr, flush=True)
    if backend == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif backend == "leave":
        print("licence not found", file=sys.stderr, flush=True)
        sys.exit(3)
    elif backend == "hang":
        time.sleep(600)
    elif backend == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif backend == "fail":
        print(json.dumps({"status": "failed", "reason": "RuntimeError: spoilt"}), flush=True)
    else:
        facts = {
            "pid": os.getpid(),
            "arguments": sys.argv[1:],
            **{name: os.environ.get(name) for name in ("EOVSEG_CACHE", "NVIDIA_TF32_OVERRIDE")},
        }
        print(json.dumps({"status": "ok", "result": facts, "warnings": ["slow"]}), flush=True)
