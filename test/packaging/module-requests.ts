import { parseSync } from "vite";

/** The modules that JavaScript code names in import and export statements and in `import("…")`. */
export const moduleRequests = (path: string, code: string): string[] => {
  const { module } = parseSync(path, code);
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
      const literal = /^(["'])(.*)\1$/.exec(code.slice(start, end));
      return literal === null ? [] : [literal[2]!];
    }),
  ];
};

/** The package that a bare request leads to: "@scope/name/file" is "@scope/name". Undefined for Node's own and files. */
export const packageOf = (request: string): string | undefined =>
  /^(\.|\/|node:)/.test(request) ? undefined : /^(@[^/]+\/)?[^/]+/.exec(request)?.[0];
