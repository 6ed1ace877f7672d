// Questions to the server; all on the page's own origin.
export class ApiError extends Error {}

export async function ask<T>(name: string, question: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
  const query = new URLSearchParams(Object.entries(question).map(([key, value]) => [key, String(value)]));
  const answer = await fetch(`/api/${name}${query.size ? `?${query}` : ""}`, { signal: signal ?? null });
  if (!answer.ok) throw new ApiError(`${name}: ${answer.status}`);
  return (await answer.json()) as T;
}

/** Asks for something to be done; the error says why not. */
export async function tell<T>(name: string, wanted: Record<string, unknown>, signal: AbortSignal): Promise<T> {
  const answer = await fetch(`/api/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(wanted), signal,
  });
  if (!answer.ok) throw new ApiError(refusal(await answer.text(), answer.status));
  return (await answer.json()) as T;
}

/** The reason in an answer: a text of ours, or the list of what is wrong with a question. */
function refusal(text: string, status: number): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: string | { loc: (string | number)[]; msg: string }[] };
    if (typeof detail === "string") return detail;
    if (Array.isArray(detail)) return detail.map((one) => `${one.loc.at(-1) ?? ""}: ${one.msg}`).join("; ");
  } catch { /* an answer in plain text, as of the guard before the interface */ }
  return text.slice(0, 300) || String(status);
}
