CREATE TABLE `federated_identity` (
	`provider_id` text NOT NULL,
	`subject_index` text NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`provider_id`, `subject_index`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `federated_identity_by_principal` ON `federated_identity` (`account_id`,`principal_id`);--> statement-breakpoint
CREATE TABLE `identity_provider` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`name` text NOT NULL,
	`enabled` integer NOT NULL,
	`provisioning` text NOT NULL,
	`roles` text NOT NULL,
	`default_role` text,
	`link_attribute` text NOT NULL,
	`settings` text NOT NULL,
	`sealed_secret` text,
	`version` integer NOT NULL,
	`created_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `identity_provider_by_account` ON `identity_provider` (`account_id`,`created_at_ms`,`id`);