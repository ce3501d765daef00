"""Reading a page back as its JavaScript does."""

import base64
import json
import re

import numpy as np


def parts(html):
    """Return the contents, the bytes of the data, the script and the style of a page."""
    contents = json.loads(re.search(r'id="contents">(.*?)</script>', html, re.DOTALL)[1])
    data = base64.b64decode(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    return contents, data, script, style


def array(data, place):
    """Return the array at a place."""
    kind, first, size = place
    return np.frombuffer(data, f"<{kind}", size, first)


def events(data, place, n_channels):
    """Return the steps and channels of spikes at a place."""
    _, at, size = place
    keys, key = [], 0
    for _ in range(size):
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        key += value
        keys.append(key)
    return np.divmod(np.array(keys, np.int64), n_channels)
