"""requests_session.py URL COUNT CONNECTIONS: gets URL so often with requests.Session, so many at
once, each of them a thread's own."""
import sys
import threading

import requests

URL, COUNT, CONNECTIONS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
failed = []


def run(count):
    try:
        with requests.Session() as session:
            for _ in range(count):
                response = session.get(URL, timeout=30)
                if response.status_code != 200 or not response.content:
                    failed.append(response.status_code)
    except requests.RequestException as why:
        failed.append(why)


threads = [threading.Thread(target=run, args=(COUNT // CONNECTIONS,)) for _ in range(CONNECTIONS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("requests: %s" % failed[0] if failed else 0)
