import { describe, expect, it } from "vitest";
import { diagnose } from "../../scripts/bootstrap/diagnosis.mjs";

const told = (output: string) =>
  diagnose({ output, registry: "https://someone:secret@mirror.example/npm/", pnpm: "12.21.0" });

/** What npm 11 and pnpm 12 print, shortened to the telling line. */
const OUTPUTS: [string, string][] = [
  ["npm error code ECONNREFUSED", "cannot be reached"],
  ["npm error FetchError: request failed, reason: getaddrinfo ENOTFOUND mirror.example", "cannot be reached"],
  ["error sending request: client error (Connect): tcp connect error: Connection refused", "cannot be reached"],
  ["npm error code E401", "refuses access"],
  ["npm error code E404", "lacks a package"],
  ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "not trusted"],
  ["npm error code EACCES\nnpm error path /root/.npm/_cacache", "could not be written"],
  ["ENOSPC: no space left on device, write", "disk is full"],
  ["Error: ERR_PNPM_OUTDATED_LOCKFILE", "npx pnpm@12.21.0 install"],
  ["Segmentation fault", "could not be installed"],
];

describe("a failed installation", () => {
  it.each(OUTPUTS)("%j is told as: … %s", (output, meaning) => {
    expect(told(output)).toContain(meaning);
  });

  it("is told without the registry's password", () => {
    expect(told("ECONNREFUSED")).toContain("https://mirror.example/npm/");
    expect(told("ECONNREFUSED")).not.toContain("secret");
  });
});
