CREATE TABLE `dead_letter` (
	`queue` text NOT NULL,
	`unit_id` text NOT NULL,
	`version` integer NOT NULL,
	`account_id` text NOT NULL,
	`reason` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`queue`, `unit_id`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `dead_letter_by_account` ON `dead_letter` (`account_id`,`at_ms`);--> statement-breakpoint
CREATE TABLE `evidence` (
	`unit_id` text NOT NULL,
	`version` integer NOT NULL,
	`method` text NOT NULL,
	`method_version` text NOT NULL,
	`level` text NOT NULL,
	`verdict` text NOT NULL,
	`reasons` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`unit_id`, `version`, `method`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `outbox` (
	`queue` text NOT NULL,
	`unit_id` text NOT NULL,
	`version` integer NOT NULL,
	`sends` integer NOT NULL,
	`due_at_ms` integer NOT NULL,
	PRIMARY KEY(`queue`, `unit_id`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`due_at_ms`);--> statement-breakpoint
CREATE TABLE `unit` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`version` integer NOT NULL,
	`served_version` integer,
	`visibility` text NOT NULL,
	`status` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `unit_by_account` ON `unit` (`account_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `unit_version` (
	`unit_id` text NOT NULL,
	`version` integer NOT NULL,
	`cid` text NOT NULL,
	`content_key` text NOT NULL,
	`visibility` text NOT NULL,
	`content` text NOT NULL,
	`salt` text,
	`vector` text,
	`status` text NOT NULL,
	`level` text NOT NULL,
	`principal_id` text NOT NULL,
	`operation_id` text,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	PRIMARY KEY(`unit_id`, `version`)
);
