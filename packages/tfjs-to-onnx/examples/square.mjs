// A layer that tfjs-to-onnx does not know: y = scale · x².
//   npx tfjs-to-onnx model.json -o model.onnx --plugin square.mjs

export default {
  className: "Square",

  build(graph, config, weights, [x]) {
    const square = graph.op("Mul", [x, x]);
    return graph.op("Mul", [square, weights.scale ?? graph.floats(config.factor ?? 1)]);
  },

  // So that TF.js can run the original, to compare with.
  register({ core, layers }) {
    class Square extends layers.layers.Layer {
      static className = "Square";

      constructor(config) {
        super(config);
        this.factor = config.factor ?? 1;
      }

      call(inputs) {
        return core.tidy(() => core.mul(core.square(Array.isArray(inputs) ? inputs[0] : inputs), this.factor));
      }

      getConfig() {
        return { ...super.getConfig(), factor: this.factor };
      }
    }
    core.serialization.registerClass(Square);
  },
};
