// Questions to the server; all on the page's own origin.
export class ApiError extends Error {}

export async function ask<T>(name: string, question: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
  const query = new URLSearchParams(Object.entries(question).map(([key, value]) => [key, String(value)]));
  const answer = await fetch(`/api/${name}${query.size ? `?${query}` : ""}`, { signal: signal ?? null });
  if (!answer.ok) throw new ApiError(`${name}: ${answer.status}`);
  return (await answer.json()) as T;
}
