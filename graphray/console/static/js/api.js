// Asking the console's server, which is where this page came from.

/** What went wrong, in words for people; `kind` is the name of the error's class. */
export class Trouble extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** The answer to a question such as `ask("node", {type: "paper", id: "7"})`; raises Trouble. */
export async function ask(question, words = {}, signal = undefined) {
  const given = Object.entries(words).filter(([, value]) => value !== null && value !== undefined);
  const response = await answered(`/api/${question}?${new URLSearchParams(given)}`, signal);
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new Trouble(
    answer?.error?.kind ?? "Failed",
    answer?.error?.message ?? `the console failed (${response.status}); see what it wrote`,
  );
}

async function answered(url, signal) {
  try {
    return await fetch(url, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble("ConsoleGone", "the console does not answer; was “graphray console” ended?");
  }
}
