CREATE TABLE `policy` (
	`account_id` text NOT NULL,
	`version` integer NOT NULL,
	`otherwise` text NOT NULL,
	`rules` text NOT NULL,
	`principal_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`account_id`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `account` ADD `policy_version` integer DEFAULT 0 NOT NULL;