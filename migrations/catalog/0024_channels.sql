CREATE TABLE `channel` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`agent_id` text NOT NULL,
	`state` text NOT NULL,
	`config` text NOT NULL,
	`sealed_secrets` text NOT NULL,
	`outbound_per_minute` integer NOT NULL,
	`inbound_per_minute` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `channel_by_account` ON `channel` (`account_id`,`created_at_ms`,`id`);