import process from "node:process";
import fc from "fast-check";

// A run of the tests can be repeated as it was; FAST_CHECK_SEED=n draws other cases.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20261122) });
