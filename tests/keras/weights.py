"""weights.py INVAR FOLDER: weights that invar export --to keras writes, loaded by Keras: predictions
within 1e-5 of those of invar.  Layers of both have the same names and random weights."""
import os
import subprocess
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy
from keras import layers

invar, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
numbers = numpy.random.default_rng(3)
passed = failed = 0

HEAD = """invar 1
data d = csv("{name}.csv", header = false) {{
  input x: {type} = {cells}
  label y: f32[3] = columns({last}..{end})
}}
model {name}(x: {type}, y: f32[3]) {{
  {body}
  loss mse(z, y)
  output z
}}
train {name} on d {{ steps 3 batch 8 seed 5 optimizer adam(lr = 0.05) }}
"""


def check(name, shape, classes, body, model):
    """The model in both languages, on 16 rows of that shape."""
    global passed, failed
    size = int(numpy.prod(shape))
    x = numbers.integers(0, classes, (16, size)) if classes else numbers.normal(size=(16, size))
    y = numbers.normal(size=(16, 3))
    numpy.savetxt(f"{folder}/{name}.csv", numpy.hstack([x, y]), "%.8g", ",")
    dims = ", ".join(str(n) for n in shape)
    cells = f"columns(0..{size - 1})"
    with open(f"{folder}/{name}.inv", "w") as file:
        file.write(HEAD.format(
            name=name, body=body, last=size, end=size + 2,
            type=f"class[{dims}, {classes}]" if classes else f"f32[{dims}]",
            cells=cells if len(shape) == 1 else f"reshape({cells}, [{dims}])"))
    subprocess.run([invar, "run", f"{name}.inv", "--quiet"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([invar, "export", f"{name}.inv", "--to", "keras"], cwd=folder, check=True)
    subprocess.run([invar, "run", f"{name}.inv", "--quiet", "--predict", "-o", f"{name}.out"],
                   cwd=folder, check=True)
    want = numpy.genfromtxt(f"{folder}/{name}.out", delimiter=",", skip_header=1)[:, -3:]
    inputs = numpy.loadtxt(f"{folder}/{name}.csv", delimiter=",")[:, :size].astype("float32")
    before = [w.copy() for w in model.get_weights()]
    model.load_weights(f"{folder}/{name}.h5", by_name=True)
    loaded = all(not numpy.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    got = numpy.asarray(model(inputs.reshape((16, *shape)), training=False))
    off = float(numpy.max(numpy.abs(got - want)))
    if loaded and off < 1e-5:
        passed += 1
    else:
        failed += 1
        print(f"FAILED weights of {name}: {off}, all loaded: {loaded}")


def line(shape, *parts):
    """The layers one behind another."""
    return keras.Sequential([keras.Input(shape), *parts])


check("dense", (6,), 0, """h = x -> dense(8) as first -> batch_norm as norm -> relu
  h = h -> layer_norm as norm2 -> dense(4, with_bias = false) as second
  z = h -> dense(3) as third""",
      line((6,), layers.Dense(8, name="first"),
           layers.BatchNormalization(epsilon=1e-5, name="norm"), layers.ReLU(),
           layers.LayerNormalization(epsilon=1e-5, name="norm2"),
           layers.Dense(4, use_bias=False, name="second"), layers.Dense(3, name="third")))
check("conv", (8, 8, 2), 0, """h = x -> conv2d(4, 3, groups = 2) as a -> relu
  h = h -> depthwise_conv2d(3, multiplier = 2) as b -> group_norm(2) as g
  h = h -> separable_conv2d(6, 3) as c -> conv2d_transpose(5, 3, stride = 2) as t
  z = h -> flatten -> dense(3) as d""",
      line((8, 8, 2), layers.Conv2D(4, 3, groups=2, activation="relu", name="a"),
           layers.DepthwiseConv2D(3, depth_multiplier=2, name="b"),
           layers.GroupNormalization(2, epsilon=1e-5, name="g"),
           layers.SeparableConv2D(6, 3, name="c"),
           layers.Conv2DTranspose(5, 3, strides=2, name="t"), layers.Flatten(),
           layers.Dense(3, name="d")))
check("conv1", (12, 2), 0, """h = x -> conv1d(4, 3) as a -> relu -> depthwise_conv1d(3) as b
  h = h -> separable_conv1d(6, 3) as c -> conv1d_transpose(5, 3, stride = 2) as t
  z = h -> flatten -> dense(3) as d""",
      line((12, 2), layers.Conv1D(4, 3, activation="relu", name="a"),
           layers.DepthwiseConv1D(3, name="b"), layers.SeparableConv1D(6, 3, name="c"),
           layers.Conv1DTranspose(5, 3, strides=2, name="t"), layers.Flatten(),
           layers.Dense(3, name="d")))
check("conv3", (5, 5, 5, 2), 0, """h = x -> conv3d(3, 3) as a -> conv3d_transpose(2, 2, stride = 2) as t
  z = h -> flatten -> dense(3) as d""",
      line((5, 5, 5, 2), layers.Conv3D(3, 3, name="a"),
           layers.Conv3DTranspose(2, 2, strides=2, name="t"), layers.Flatten(),
           layers.Dense(3, name="d")))
check("loops", (6, 4), 0, """h = x -> simple_rnn(5) as a -> lstm(4) as b -> gru(6) as c
  h = h -> gru(5, reset_after = false) as e
  z = h[-1] -> rms_norm as r -> dense(3) as d""",
      line((6, 4), layers.SimpleRNN(5, return_sequences=True, name="a"),
           layers.LSTM(4, return_sequences=True, name="b"),
           layers.GRU(6, return_sequences=True, name="c"),
           layers.GRU(5, reset_after=False, name="e"), layers.RMSNormalization(name="r"),
           layers.Dense(3, name="d")))
check("words", (7,), 9, """h = x -> embedding(4) as words -> flatten
  repeat 2 as stage { h = h -> dense(6) -> tanh }
  z = h -> dense(3) as d""",
      line((7,), layers.Embedding(9, 4, name="words"), layers.Flatten(),
           layers.Dense(6, "tanh", name="stage_0_dense1"),
           layers.Dense(6, "tanh", name="stage_1_dense1"), layers.Dense(3, name="d")))
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
