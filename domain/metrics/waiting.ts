/** Whose callers wait for something to come, or send without end. */
const WAITS = /\b(lease|pull|poll|events|session|stream|import|export|subscribe)\b/;
/** Whose answer is an agent's or a model's, and takes as long as those do. */
const OTHERS_ANSWER = / \/(a2a|v1\/inference)(\/|$)/;

/** Of a route as the document shows it, `POST /v1/tasks/lease`. */
export const isWaiting = (route: string): boolean => WAITS.test(route);

/** Whether the platform alone decides how long an answer takes: only of these it says how fast the platform is. */
export const isPrompt = (route: string): boolean => !isWaiting(route) && !OTHERS_ANSWER.test(route);
