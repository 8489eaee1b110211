/** What a caller can get wrong here: a stable `code`, the values as fields, and a message that says how to mend it. */
export abstract class PreprocessError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The picture is not what it says it is: its sizes are no sizes, or its bytes do not fit them. */
export class InvalidImageError extends PreprocessError {
  readonly code = "INVALID_IMAGE";
  /** Which property is wrong: "width", "height", "data". */
  readonly field: string;
  readonly found: string;
  readonly expected: string;
  constructor(field: string, found: string, expected: string) {
    super(
      `image.${field} is ${found}, expected ${expected}.\n` +
        "  Hand over decoded pixels, such as sharp's ensureAlpha().raw() or a canvas's getImageData() gives.",
    );
    this.field = field;
    this.found = found;
    this.expected = expected;
  }
}

/** A list of steps that cannot be run as it stands. */
export class InvalidStepError extends PreprocessError {
  readonly code = "INVALID_STEP";
  /** The step's place in the list, or undefined when it is the list that is wrong. */
  readonly index: number | undefined;
  /** Which property of it is wrong, or undefined when it is the whole step. */
  readonly field: string | undefined;
  readonly found: string;
  readonly expected: string;
  constructor(at: { index?: number; field?: string }, found: string, expected: string) {
    const where = at.index === undefined ? "preprocess" : `preprocess[${at.index}]`;
    super(
      `${where}${at.field === undefined ? "" : `.${at.field}`} is ${found}, expected ${expected}.\n` +
        "  These steps stand under preprocess in the model's manifest.json; correct them there, or publish the model again.",
    );
    this.index = at.index;
    this.field = at.field;
    this.found = found;
    this.expected = expected;
  }
}

/** There is no ink: nothing on the picture stands out from its paper. */
export class EmptyDrawingError extends PreprocessError {
  readonly code = "EMPTY_DRAWING";
  /** How far the most different pixel is from the paper, 0..255. */
  readonly contrast: number;
  /** How far it would have to be. */
  readonly needed: number;
  constructor(contrast: number, needed: number) {
    super(
      `There is nothing drawn: no pixel is further than ${contrast} of 255 from the paper, expected at least ${needed}.\n` +
        "  Draw with more contrast. White ink on a transparent ground needs a dark paper in the luminance step.",
    );
    this.contrast = contrast;
    this.needed = needed;
  }
}
