// The page: asks how the graph fares every few seconds, and says so when it cannot tell.

import { ask } from "./api.js";
import { byId, show } from "./elements.js";
import { Explorer, sentence } from "./explorer.js";
import * as fares from "./fares.js";

const EVERY_MS = 2000;
const RETRY_MS_MAX = 10000;

const explorer = new Explorer();
let retryMs = EVERY_MS;
let lastEvent = -1;
let lastSnapshot = null;

async function refresh() {
  if (document.hidden) return EVERY_MS;
  try {
    const overview = await ask("overview");
    fares.showOverview(overview);
    byId("main").hidden = false;
    const { snapshot_id: snapshot } = overview.status;
    if (snapshot !== lastSnapshot) await explorer.begin();
    lastSnapshot = snapshot;
    await follow();
    recovered();
  } catch (error) {
    return failed(error);
  }
  return EVERY_MS;
}

async function follow() {
  const { events } = await ask("events", { after: lastEvent });
  if (!events) return;
  if (events.length) lastEvent = events.at(-1).number;
  fares.addEvents(events);
}

function recovered() {
  retryMs = EVERY_MS;
  document.body.classList.remove("stale");
  show(byId("trouble"), "");
}

/** What is shown stays, greyed: it is what was last known. */
function failed(error) {
  const message = `${sentence(error.message)} Trying again…`;
  document.body.classList.add("stale");
  show(byId("trouble"), message);
  retryMs = Math.min(retryMs * 1.5, RETRY_MS_MAX);
  return retryMs;
}

async function forever() {
  const waitMs = await refresh();
  setTimeout(forever, waitMs);
}

fares.begin();
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
forever();
