/**
 * What onnxruntime says of models that are beyond it, rather than wrong: operators, types and opsets that it, or its
 * JavaScript API, does not have.
 */
const SIGNS: readonly RegExp[] = [
  /NOT_IMPLEMENTED/,
  /Could not find an implementation for/,
  /is not a registered function\/op/,
  /No Op registered for/,
  /No opset import for domain/,
  /Failed to find kernel for/,
  /Unsupported model IR version/,
  /is under development and support for this is limited/,
  /Unrecognized attribute/,
  /Type 'tensor\(\w+\)' of (input|output) parameter .* is invalid/,
  /[Uu]nsupported (data )?type/,
  /(is|are) not (yet )?supported/,
  /Unsupported tensor type/,
  /Non tensor type/i,
];

/** Whether a runtime's refusal means that it does not support the model. */
export const saysUnsupported = (message: string): boolean => SIGNS.some((sign) => sign.test(message));
