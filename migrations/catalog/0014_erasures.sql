CREATE TABLE `erasure` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`person_id` text,
	`pseudonym` text NOT NULL,
	`asked_by` text NOT NULL,
	`units` text NOT NULL,
	`removed` text NOT NULL,
	`started_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	`certificate` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `erasure_by_account` ON `erasure` (`account_id`,`id`);