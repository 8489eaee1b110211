import { tfl } from "../../src/testing.ts";
import { type Case, chain, product } from "./case.ts";

const l = tfl.layers;
const image = [5, 6, 3];
const volume = [4, 5, 6, 2];
const FORMATS = ["channelsLast", "channelsFirst"] as const;

/** Transposed convolutions and everything of three dimensions, with every padding, stride and layout. */
export const VOLUMES: readonly Case[] = [
  ...product(["valid", "same"], [1, 2, 3], [1, 2, 3, 4], FORMATS).map(([padding, strides, kernelSize, dataFormat]) =>
    chain(`Conv2DTranspose ${padding}, strides ${strides}, kernel ${kernelSize}, ${dataFormat}`, image, () => [
      l.conv2dTranspose({ filters: 4, kernelSize, strides, padding, dataFormat, useBias: kernelSize > 1 }),
    ]),
  ),
  chain("Conv2DTranspose of two strides, with an activation", image, () => [
    l.conv2dTranspose({ filters: 2, kernelSize: [2, 3], strides: [3, 1], padding: "same", activation: "relu" }),
  ]),
  chain("Conv2DTranspose of an open height and width", [null, null, 3], () => [
    l.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same" }),
    l.conv2d({ filters: 2, kernelSize: 2 }),
  ]),
  ...product(["valid", "same"], [1, 2], [1, 2, 3], FORMATS).flatMap(([padding, strides, size, dataFormat]) => [
    chain(`Conv3D ${padding}, strides ${strides}, kernel ${size}, ${dataFormat}`, volume, () => [
      l.conv3d({ filters: 3, kernelSize: [size, 2, 1], strides, padding, dataFormat }),
    ]),
    chain(`Conv3DTranspose ${padding}, strides ${strides}, kernel ${size}, ${dataFormat}`, [2, 3, 4, 2], () => [
      l.conv3dTranspose({ filters: 3, kernelSize: [size, 2, 1], strides, padding, dataFormat }),
    ]),
    chain(`MaxPooling3D ${padding}, strides ${strides}, size ${size}, ${dataFormat}`, volume, () => [
      l.maxPooling3d({ poolSize: [size, 2, 1], strides, padding, dataFormat }),
    ]),
    chain(`AveragePooling3D ${padding}, strides ${strides}, size ${size}, ${dataFormat}`, volume, () => [
      l.averagePooling3d({ poolSize: [size, 2, 1], strides, padding, dataFormat }),
    ]),
  ]),
  chain("Conv3D dilated, without a bias, with softmax", volume, () => [
    l.conv3d({ filters: 3, kernelSize: 2, dilationRate: [1, 2, 2], useBias: false, activation: "softmax" }),
  ]),
  chain("Conv3D after Conv3D, flattened", volume, () => [
    l.conv3d({ filters: 3, kernelSize: 2 }),
    l.leakyReLU(),
    l.conv3d({ filters: 2, kernelSize: 2 }),
    l.flatten(),
    l.dense({ units: 2 }),
  ]),
];
