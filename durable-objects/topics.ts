/** Objects reach topics by the same port as everybody. */
export { topicPort } from "#adapters/topics.ts";
