/**
 * What a failed installation printed, and what that means. The first that matches is told.
 *
 * @type {{ sign: RegExp, meaning: string }[]}
 */
const MEANINGS = [
  {
    sign: /OUTDATED_LOCKFILE|frozen-lockfile/i,
    meaning:
      "pnpm-lock.yaml does not match some package.json.\n" +
      "  After changing dependencies, run `npx pnpm@PNPM install` and commit the lockfile.",
  },
  {
    sign: /ENOSPC|no space left/i,
    meaning: "The disk is full: node_modules takes about 1 GB.",
  },
  {
    sign: /certificate|CERT_|SELF_SIGNED/i,
    meaning:
      "The package registry REGISTRY shows a certificate that is not trusted here.\n" +
      "  Name the one of your proxy: `npm config set cafile <file>`, and NODE_EXTRA_CA_CERTS=<file>.",
  },
  {
    sign: /\b(E|FETCH_|status |HTTP )40[13]\b|unauthorized|forbidden/i,
    meaning: "The package registry REGISTRY refuses access.\n  Log in to it (`npm login`), or choose another one.",
  },
  {
    sign: /\b(E|FETCH_|status |HTTP )404\b/i,
    meaning:
      "The package registry REGISTRY lacks a package that pnpm-lock.yaml names.\n  Choose one that mirrors all of npm.",
  },
  {
    sign: /EACCES|EPERM|EROFS|permission denied|read-only file system/i,
    meaning:
      "A file could not be written: see the path above.\n  Give yourself the right to write there, or run from a copy that is yours.",
  },
  {
    sign: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|SOCKET_TIMEOUT|dns error|connect error|error sending request|timed out/i,
    meaning:
      "The package registry REGISTRY cannot be reached.\n" +
      "  Check the network and its proxy (HTTPS_PROXY), or use a mirror: `npm config set registry <url>`.",
  },
];

/**
 * One clear sentence about a failed installation, and how to mend it.
 *
 * @param {{ output: string, registry: string, pnpm: string }} failure
 */
export const diagnose = ({ output, registry, pnpm }) => {
  const meaning = MEANINGS.find(({ sign }) => sign.test(output))?.meaning ?? "The packages could not be installed.";
  return meaning.replace("REGISTRY", withoutCredentials(registry)).replace("PNPM", pnpm);
};

/** @param {string} url */
const withoutCredentials = (url) => url.replace(/\/\/[^/@]*@/, "//");
