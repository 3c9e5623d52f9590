CREATE TABLE `scim_group` (
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`external_id` text,
	`version` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`changed_at_ms` integer NOT NULL,
	PRIMARY KEY(`account_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `scim_group_by_name` ON `scim_group` (`account_id`,`name`);--> statement-breakpoint
CREATE TABLE `scim_member` (
	`account_id` text NOT NULL,
	`group_id` text NOT NULL,
	`principal_id` text NOT NULL,
	PRIMARY KEY(`account_id`, `group_id`, `principal_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `scim_member_by_principal` ON `scim_member` (`account_id`,`principal_id`);--> statement-breakpoint
CREATE TABLE `scim_user` (
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`person_id` text NOT NULL,
	`user_name_index` text NOT NULL,
	`external_id_index` text,
	`profile` text NOT NULL,
	`version` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`changed_at_ms` integer NOT NULL,
	PRIMARY KEY(`account_id`, `principal_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `scim_user_by_name` ON `scim_user` (`account_id`,`user_name_index`);--> statement-breakpoint
CREATE INDEX `scim_user_by_external_id` ON `scim_user` (`account_id`,`external_id_index`);--> statement-breakpoint
CREATE INDEX `scim_user_by_time` ON `scim_user` (`account_id`,`created_at_ms`,`principal_id`);