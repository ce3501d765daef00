"""An HTTP server inside the test process."""

from __future__ import annotations

import gc
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves the bytes in ``files``; ``lengths`` overrides the Content-Length of a path; ``requested`` lists all paths."""

    def __init__(self):
        server = self
        self.files, self.lengths, self.requested = {}, {}, []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requested.append(self.path)
                body = server.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(server.lengths.get(self.path, len(body or b""))))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        """Stop the server."""
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
        if not set(self.requested) <= set(self.files) or self.lengths:
            gc.collect()  # pooch does not close the responses of failed requests: collect them within the same test
