/**
 * Is one ClickHouse server: takes argv (engine library, config file, data folder) and two pipes of its parent, and lives
 * until the pipes close. Plain JavaScript, so that it starts without a loader.
 */

import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { DataType, load, open } from 'ffi-rs';

const [library, configFile, dataFolder] = process.argv.slice(2);
const lastWishMs = 1500;

// The engine runs on a thread of its own: this one stays free to watch the lifeline, however busy the engine is.
// The files are marks in the server's folder: `listening` for the parent, `flushed` for the lines below.
const script = [
  'SYSTEM START LISTEN TCP',
  'SYSTEM START LISTEN HTTP',
  "SELECT 1 INTO OUTFILE 'listening' TRUNCATE FORMAT TSV",
  "SELECT count() FROM file('stdin', 'LineAsString', 'line String')",
  'SYSTEM FLUSH LOGS',
  "SELECT 1 INTO OUTFILE 'flushed' TRUNCATE FORMAT TSV",
  'SELECT sleep(3)',
];

// A key press in the terminal is for the parent to decide on.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});

const lifeline = new Socket({ fd: 3 });
lifeline.on('error', () => {});
lifeline.on('close', () => {
  setTimeout(leave, lastWishMs);
  setInterval(() => {
    if (existsSync('flushed')) leave();
  }, 10);
});
lifeline.resume();

open({ library: 'engine', path: library });
// The engine's own handlers take half a minute to write a stack trace while the crashed process lingers.
call('chdb_set_signal_handlers_enabled', DataType.Void, [DataType.I32], [0]);
const argv = [
  'clickhouse',
  `--config-file=${configFile}`,
  `--path=${dataFolder}`,
  `--query=${script.join('; ')}`,
];
await call(
  'chdb_query_cmdline',
  DataType.External,
  [DataType.I32, DataType.StringArray],
  [argv.length, argv],
  true,
);
leave();

/** The engine's exit handlers can crash, and everything it has acknowledged is in files. */
function leave() {
  process.kill(process.pid, 'SIGKILL');
}

function call(funcName, retType, paramsType, paramsValue, runInNewThread = false) {
  return load({ library: 'engine', funcName, retType, paramsType, paramsValue, runInNewThread });
}
