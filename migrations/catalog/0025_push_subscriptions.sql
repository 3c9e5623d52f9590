CREATE TABLE `push_subscription` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`service` text NOT NULL,
	`subscription` text NOT NULL,
	`created_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `push_subscription_by_principal` ON `push_subscription` (`principal_id`,`created_at_ms`);