# Writes the arrays of this folder, with numpy: 40 rows of 2 x 3 eighths, and which of 2 classes.
import json, struct
import numpy as np

x = (np.arange(240).reshape(40, 2, 3) * 37 % 101 - 50) / 8
y = (x[:, 0, 0] + x[:, 1, 2] > 0).astype(np.uint8)
np.save("x.npy", x.astype("<f4"))
np.save("y.npy", y)
np.save("half_x.npy", np.asfortranarray(x.astype(">f2")))
np.savez("plain.npz", x=x.astype("<f8"), y=y.astype("<i8"))
np.savez_compressed("packed.npz", images=np.asfortranarray(x.astype("<f4")), y=y)
header, data = {}, b""
for name, dtype, array in ("y", "U8", y), ("x", "F16", x.astype("<f2")):
    header[name] = {"dtype": dtype, "shape": list(array.shape),
                    "data_offsets": [len(data), len(data) + array.nbytes]}
    data += array.tobytes()
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open("xy.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)
