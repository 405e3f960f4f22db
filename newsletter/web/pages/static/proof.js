// The only script of the reader's pages: it solves a proof of work, and only on a page that asks for one.
import "./altcha/altcha.min.js";
import "./altcha/zh-cn.js";

const solver = new URL("./altcha/pbkdf2.js", import.meta.url);
globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(solver));
globalThis.$altcha.defaults.set({ hideFooter: true, hideLogo: true, humanInteractionSignature: false });
