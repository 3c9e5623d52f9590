CREATE TABLE `webhook` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`topics` text NOT NULL,
	`ordered` integer NOT NULL,
	`description` text NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`version` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `webhook_by_account` ON `webhook` (`account_id`,`created_at_ms`,`id`);