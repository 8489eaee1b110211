/** Whether a name is one of the patterns, in which `*` stands for any run of characters and `?` for any one. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
  });
  return (name) => expressions.some((expression) => expression.test(name));
}
