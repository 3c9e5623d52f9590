CREATE TABLE `agent` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`name` text NOT NULL,
	`name_key` text NOT NULL,
	`type` text NOT NULL,
	`description` text NOT NULL,
	`capabilities` text NOT NULL,
	`visibility` text NOT NULL,
	`accepts` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `agent_by_name` ON `agent` (`account_id`,`name_key`);--> statement-breakpoint
CREATE INDEX `agent_by_account` ON `agent` (`account_id`,`created_at_ms`,`id`);