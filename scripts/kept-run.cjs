// The run that `npm start` is at, kept in a file until it has ended: killed, stopped or waiting for a person, the same command goes on with it.
const fs = require("fs");
const path = require("path");

/**
 * The id of the run to start or to go on with, kept in `file`.
 *
 * @param {string} file
 * @param {readonly string[]} args what the command was given; another command is another run
 * @param {() => string} newId
 * @returns {string}
 */
function keepRun(file, args, newId) {
  const kept = readKept(file);
  if (kept !== undefined && JSON.stringify(kept.args) === JSON.stringify(args)) return kept.id;
  const id = newId();
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify({ id, args }));
  return id;
}

/**
 * Forget it when the command has ended it: exit code 0 completed, 1 failed. Others leave it unfinished.
 *
 * @param {string} file
 * @param {number} code
 */
function forgetEndedRun(file, code) {
  if (code === 0 || code === 1) fs.rmSync(file, { force: true });
}

function readKept(file) {
  try {
    const kept = JSON.parse(fs.readFileSync(file, "utf8"));
    return typeof kept.id === "string" && Array.isArray(kept.args) ? kept : undefined;
  } catch {
    return undefined; // none yet, or torn by a crash while it was written: a new run then
  }
}

module.exports = { keepRun, forgetEndedRun };
