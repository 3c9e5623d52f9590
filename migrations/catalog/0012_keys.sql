ALTER TABLE `api_key` ADD `networks` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `agent_id` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `parent_id` text;--> statement-breakpoint
ALTER TABLE `api_key` ADD `replaced_by_id` text;--> statement-breakpoint
CREATE INDEX `api_key_by_parent` ON `api_key` (`parent_id`);