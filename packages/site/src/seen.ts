/** Shows the model's input: its bytes become how much ink lies on each pixel, 0 to 255. */
export function showSeen(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  // Black of that opacity; style.css turns it to the theme's ink.
  for (const [place, ink] of pixels.entries()) image.data[4 * place + 3] = ink;
  context.putImageData(image, 0, 0);
}

export function clearSeen(canvas: HTMLCanvasElement): void {
  canvas.getContext("2d")!.clearRect(0, 0, canvas.width, canvas.height);
}
